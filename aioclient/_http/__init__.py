"""What every version of HTTP shares (RFC 9110): events, header names, fields, values."""
