"""What a program is told of its requests while they are under way."""
