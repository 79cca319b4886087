"""Many connections: kept, lent, limited."""
