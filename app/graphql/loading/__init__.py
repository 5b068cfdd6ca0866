"""Loading: what one request reads by key, together for all that ask."""
