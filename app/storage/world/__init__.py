"""Provisioning: world documents read, what exists of them, and what applying them writes."""
