"""Servers on loopback for taps to read from."""
