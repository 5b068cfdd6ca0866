"""What decisions rest on, read within a transaction under its locks, and who sees what."""
