"""How many examples a property is tried with: the same few at every run, or as many as `TEST_EXAMPLES` says."""

import os

from hypothesis import settings

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "10"))

bounded = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
