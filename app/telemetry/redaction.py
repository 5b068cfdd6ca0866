"""Removes text in the form of a secret from the messages of libraries and of unexpected exceptions."""

import re

import structlog

SECRETS = re.compile(
    r"""
      (?<=\bfp_) [0-9a-z]{26} _ [\w-]+            # an API token
    | \b ey[\w-]{8,} \. [\w-]+ \. [\w-]*          # a JWT
    | (?i: (?<=\bbearer\ ) | (?<=\bbasic\ ) ) [\w.~+/=-]{8,}  # a header that logs in
    | (?<=://) [^\s/@:"']{0,256}+ : [^\s@"']{1,1024}+ (?=@)  # user and password of a URL
    """,
    re.VERBOSE,
)
"""Each takes no longer than a text is long: nothing is tried in several ways, or searched for to the end again and again."""
HIDDEN = "[hidden]"


def redacted(text: str) -> str:
    return SECRETS.sub(HIDDEN, text)


def redacting(render: structlog.typing.Processor) -> structlog.typing.Processor:
    """A renderer that redacts warnings, errors and the lines of libraries.

    Our own lines about operations are too many to redact, and hold no text of others.
    """

    def rendered(logger: structlog.typing.WrappedLogger, name: str, line: structlog.typing.EventDict) -> str:
        is_known = name == "info" and "logger" not in line
        text = str(render(logger, name, line))
        return text if is_known else redacted(text)

    return rendered
