"""WebSocket as bytes and messages (RFC 6455); no input or output."""
