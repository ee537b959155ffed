"""Push and presence: what changes, and who is online, on every node."""
