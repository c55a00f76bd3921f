"""What the assistant knows: organisations, services, places, routes to care and facts, each with a source and a date.

Nothing here knows about Rasa, the actions or the web: this room can be used on its own.
"""
