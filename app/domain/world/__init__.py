"""Provisioning (W1 to W15): what a world document says, and what applying it would change. Begin with `planning.py`."""
