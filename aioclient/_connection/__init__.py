"""One live connection: a link plus a machine."""
