"""Values as messages show them: as JSON, which is what callers write, and shortened."""

import orjson

LONGEST = 100


def json_text(value: object) -> str:
    """A value that came as JSON, written as such, shortened."""
    try:
        return shortened_text(orjson.dumps(value).decode())
    except orjson.JSONEncodeError:
        # It writes less deeply than it reads.
        return "a value that is nested too deeply"


def shortened_text(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
