"""Authentication: API tokens, and JWTs with the keys that sign them."""
