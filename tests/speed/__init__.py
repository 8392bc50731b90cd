"""What a read costs, and what others take for it."""
