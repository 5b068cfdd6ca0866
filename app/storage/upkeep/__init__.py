"""What is removed when it is old, and backups."""
