"""Credentials: from what the caller has to a header; no requests are sent here."""
