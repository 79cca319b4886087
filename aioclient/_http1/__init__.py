"""HTTP/1.1 as bytes and events, without input or output (RFC 9112)."""
