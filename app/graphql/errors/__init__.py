"""Refusals and warnings as the schema shows them, and what of the domain each is made of."""
