"""The failure of a command, in words for the person who gave it."""


class CommandError(Exception):
    """A command can't be carried out; the message says why, and what would help."""
