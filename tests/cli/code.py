"""A program of a few lines, to be forked: `python -m tests.cli.code LINES ARGUMENTS`."""

import sys

if __name__ == "__main__":
    del sys.argv[0]
    exec(sys.argv[0])  # noqa: S102 - the lines of a test
