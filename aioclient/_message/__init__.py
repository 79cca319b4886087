"""Request and response as the caller sees them."""
