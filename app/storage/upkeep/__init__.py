"""Removal of old rows, and backups."""
