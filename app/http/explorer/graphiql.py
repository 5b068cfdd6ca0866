"""GraphiQL, where `scripts/graphiql` has fetched it: its files are no part of this project."""

from pathlib import Path

FETCHED = Path(__file__).parents[3] / ".graphiql"
"""The folder that the script writes, beside the package."""
# The versions are part of the names, so that a browser may keep what it has.
FILES = {
    "graphiql-4.1.2.min.css": "text/css",
    "react-18.3.1.production.min.js": "text/javascript",
    "react-dom-18.3.1.production.min.js": "text/javascript",
    "graphiql-4.1.2.min.js": "text/javascript",
}


def is_there() -> bool:
    return all((FETCHED / name).is_file() for name in FILES)
