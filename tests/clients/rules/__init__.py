"""What the judge knows: rules by message, the envelope, and the exceptions with their reasons."""
