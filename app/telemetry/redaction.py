"""What has the form of a secret is taken out of what others have written: messages of unexpected exceptions, above all."""

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
    """A renderer whose lines are redacted where others have written in them: those that warn, and those of libraries.

    What our own lines say of an operation is known, and there are very many of them.
    """

    def rendered(logger: structlog.typing.WrappedLogger, name: str, line: structlog.typing.EventDict) -> str:
        is_known = name == "info" and "logger" not in line
        text = str(render(logger, name, line))
        return text if is_known else redacted(text)

    return rendered
