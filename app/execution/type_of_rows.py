"""Which types the objects are of that are rows as they were read."""

TYPE_OF_ROWS: dict[type, str] = {}
"""By the class of rows: the name of the type whose objects they are."""
