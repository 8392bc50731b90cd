"""What the servers are filled with."""
