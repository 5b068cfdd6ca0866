"""Facts of decisions, read within a transaction under its locks, and the visibility of rows."""
