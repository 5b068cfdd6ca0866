"""Limits: what a document may have, how many requests are executed at once, what callers may spend and hold."""
