"""Keeps words out that the field has a better term for, and names that don't say what they name; prints every place."""

import ast
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


VAGUE_NAME = re.compile(
    "_?(chosen|each|found|given|its|known|left|made|meant|needed|one|others|shown|sought|there|things|told|wanted|wished)_?"
)
"""Pronouns and participles: a reader can't tell what a parameter, a field or a function of this name is."""

NAMED_BY_NOUNS = (
    "app/*.py",
    "app/domain/*.py",
    "app/domain/world/**/*.py",
    "app/execution/**/*.py",
    "app/graphql/**/*.py",
    "app/http/**/*.py",
    "app/server/**/*.py",
    "app/settings/**/*.py",
    "app/storage/*.py",
    "app/storage/[!w]*/**/*.py",
    "app/storage/world/**/*.py",
    "app/storage/writes/**/*.py",
    "app/telemetry/**/*.py",
    "app/usecases/**/*.py",
)
"""The modules that have no vague names. Add a folder as soon as its names are nouns: the list only grows."""

COLUMNS = {"app/storage/tables/record_tables.py": {"made"}, "app/graphql/world_plans.py": {"things"}}
"""Names of database columns, which only a migration could change, and of fields that clients ask for."""


def main() -> int:
    """Print the offences, one a line, and answer the exit code."""
    root = Path(__file__).resolve().parent.parent
    offences = [offence for path in texts(root) for offence in offences_in(path, path.relative_to(root))]
    offences += [offence for path in modules(root) for offence in vague_names_in(path, path.relative_to(root))]
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


def modules(root: Path) -> Iterator[Path]:
    """The modules whose names are checked."""
    for pattern in NAMED_BY_NOUNS:
        yield from sorted(root.glob(pattern))


def vague_names_in(path: Path, name: Path) -> Iterator[str]:
    allowed = COLUMNS.get(name.as_posix(), set())
    for line, vague in vague_names(path.read_text(encoding="utf-8")):
        if vague not in allowed:
            yield f"{name}:{line}: say what “{vague}” is: name it by a noun"


def vague_names(source: str) -> list[tuple[int, str]]:
    """The vague names of functions, parameters and annotated fields, with their lines."""
    named: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            signature = node.args
            parameters = (*signature.posonlyargs, *signature.args, *signature.kwonlyargs)
            more = (parameter for parameter in (signature.vararg, signature.kwarg) if parameter is not None)
            named += [(node.lineno, node.name), *((each.lineno, each.arg) for each in (*parameters, *more))]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            named.append((node.lineno, node.target.id))
    return sorted((line, name) for line, name in named if VAGUE_NAME.fullmatch(name))


if __name__ == "__main__":
    sys.exit(main())
