"""Rasa graph components: danger first, then names, sentence vectors and the intent."""
