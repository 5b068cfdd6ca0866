"""Documents that would be expensive to look at twice."""

LEVELS = 60
BOMB = "{ flow(id: 1) { ...F0 } } fragment F60 on Flow { id } " + " ".join(
    f"fragment F{n} on Flow {{ draft {{ flow {{ ...F{n + 1} ...F{n + 1} }} }} }}" for n in range(LEVELS)
)
"""Fragments nested 60 levels, each of which spreads the next one twice."""
