"""Sessions with cookie jars, over real sockets."""
