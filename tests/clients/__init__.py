"""Programs that drive real taps and clients; what they share lies in the folders."""
