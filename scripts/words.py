"""Keeps words out that the field has a better term for; prints every place where one came back."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("app", "scripts", "tests")
SUFFIXES = {"", ".css", ".graphql", ".html", ".js", ".md", ".mjs", ".py", ".sql", ".toml", ".ts"}
NOT_READ = ("node_modules", "__pycache__", "clients/typescript/build", "scripts/words.py")


@dataclass(frozen=True, slots=True)
class Unwanted:
    """A word in the sense that isn't wanted: as a pattern, as an example of it, and what to say instead."""

    pattern: str
    example: str
    instead: str

    def found_in(self, line: str) -> bool:
        """As a whole word, of which an underscore is no part: names of functions are read too."""
        return re.search(rf"(?<![A-Za-z])(?:{self.pattern})(?![A-Za-z])", line) is not None


UNWANTED = (
    Unwanted(r"[Kk]eep(?:s|ing)?[ _]house|[Hh]ousekeeping", "keep_house()", "periodic cleanup"),
    Unwanted(r"[Ww]eigh(?:s|ed|ing)?", "weighing documents", "analyse the cost"),
    Unwanted(r"[Aa]llowances?", "an allowance of values", "limit"),
    Unwanted(r"Kept[A-Z]\w+", "KeptPlans", "cached, stored"),
    Unwanted(r"[Bb]udgets?|\w+Budget", "a budget of comparisons", "limit"),
    Unwanted(r"(?:its|their|own|next|a|loader)[ _]turns?|class Turns?", "waits for its turn", "batch, slice"),
    Unwanted(r"[Gg]ood[ _]documents?", "good documents", "validated documents"),
    Unwanted(r"[Ww]ho calls", "Who calls: a token's user", "caller, authentication"),
    Unwanted(r"the doors?|Door|(?:front|open)_door", "at the door", "authentication, sign-in"),
    Unwanted(r"[Bb]ur(?:y|ies|ied|ying)|the dead", "bury the dead", "replace workers that have died"),
    Unwanted(r"(?<!\.)[Dd]rain(?:s|ed|ing)?", "while draining", "graceful shutdown"),
    Unwanted(r"[Hh]eads? of (?:a |the )?requests?", "heads of requests", "headers"),
    Unwanted(r"[Nn]ouns", "the nouns of the API", "model, resources"),
    Unwanted(r"[Ll]edgers?", "a ledger of what was sent", "audit"),
    Unwanted(r"[Ww]hat (?:came|comes) of", "What came of exportFlow.", "the result of"),
    Unwanted(r"(?:version|draft) back", "Take an old version back", "restore"),
    Unwanted(r"[Ll]et (?:a|the|its|this) draft(?: of a flow)? go|draft to let go", "Let the draft go", "discard"),
    Unwanted(r"can't be meant", "bodies that can't be meant", "aren't acceptable"),
)


def main() -> int:
    """Print the offences, one a line, and answer the exit code."""
    root = Path(__file__).resolve().parent.parent
    offences = [offence for path in texts(root) for offence in offences_in(path, path.relative_to(root))]
    print(*offences, sep="\n", end="\n" if offences else "")
    return 1 if offences else 0


def texts(root: Path) -> Iterator[Path]:
    yield from sorted(root.glob("*.md"))
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file() and not any(part in path.as_posix() for part in NOT_READ):
                yield path


def offences_in(path: Path, name: Path) -> Iterator[str]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        for unwanted in UNWANTED:
            if unwanted.found_in(line):
                yield f"{name}:{number}: say “{unwanted.instead}” instead of what is meant by “{unwanted.example}”"


if __name__ == "__main__":
    sys.exit(main())
