"""The rules of the domain, pure: no input or output, no clock, no randomness, standard library only."""
