"""What residents see in a browser: the chat, the directory, the ICS explained, and what the assistant is."""
