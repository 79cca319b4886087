"""What messages carry: made on the way out, decoded on the way in."""
