"""Ready-made middlewares: what may be put around the sending of each request."""
