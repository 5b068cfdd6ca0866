"""Refusals and warnings as the schema shows them."""
