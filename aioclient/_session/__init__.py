"""What the caller holds: the session and its requests."""
