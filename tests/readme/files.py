"""The files that the tests of this folder read: every README and the changelog."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("app", "scripts", "tests")
PATHS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", *(each for folder in FOLDERS for each in (ROOT / folder).rglob("*.md")))
    if "node_modules" not in path.parts
)


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")
