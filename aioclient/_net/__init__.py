"""Opens things: names, sockets, TLS. The only room that does."""
