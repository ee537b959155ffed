"""Push and presence: what changed, and which users are online, on every node."""
