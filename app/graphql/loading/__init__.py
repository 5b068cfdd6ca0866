"""Loaders: one request reads rows by key together, for all fields that need them."""
