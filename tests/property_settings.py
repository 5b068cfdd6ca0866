"""How many examples a property is tried with: the same few at every run, or as many as `TEST_EXAMPLES` says (CI: 20)."""

import os

from hypothesis import settings

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "10"))
EVERY = 1 if EXAMPLES >= 20 else 5
"""Which of very many cases are tried that differ little: all of them in CI, otherwise every fifth."""

bounded = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
