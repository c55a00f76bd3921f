"""Custom actions, one file a topic: each reads the slots, asks the knowledge base one question, and says one reply."""
