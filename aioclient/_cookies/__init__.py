"""Cookies (RFC 6265bis): fields taken apart, and written."""
