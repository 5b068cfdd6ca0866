"""How many examples hypothesis tries: the same few at every run; `TEST_EXAMPLES` says how many, to hunt."""

import os

from hypothesis import settings

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "20"))

bounded = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
often = settings(bounded, max_examples=2 * EXAMPLES)
