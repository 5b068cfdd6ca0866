"""Keeps folders, modules, functions and resolvers as small as the house wants them; prints every offender."""

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOMS = ("app", "scripts", "tests")
# A migration is a list of statements, written once and never changed.
NOT_MEASURED = "app/storage/migrations/versions/*"
MODULE_LINES = 300
FUNCTION_LINES = 40
RESOLVER_LINES = 15
FOLDER_MODULES = 15
LISTS_OF_FEATURES = {Path("app/domain"), Path("app/usecases"), Path("app/storage/migrations/versions")}
"""Folders whose listing is the list of what the program can do."""

RESOLVER_MODULES = (Path("app/graphql/queries.py"), Path("app/graphql/mutations.py"))
RESOLVER_DECORATORS = {"field", "mutation", "shown_as"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def main() -> int:
    """Print the offenders, one a line, and answer the exit code."""
    root = Path(__file__).resolve().parent.parent
    offences = [offence for path in modules(root) for offence in offences_of(path, path.relative_to(root))]
    offences += offences_of_folders(root)
    print(*offences, sep="\n", end="\n" if offences else "")
    return 1 if offences else 0


def modules(root: Path) -> Iterator[Path]:
    for room in ROOMS:
        yield from (path for path in sorted((root / room).rglob("*.py")) if not path.match(NOT_MEASURED))


def offences_of_folders(root: Path) -> Iterator[str]:
    folders = Counter(path.parent for path in (root / "app").rglob("*.py") if path.name != "__init__.py")
    for folder, number in sorted(folders.items()):
        if number > FOLDER_MODULES and folder.relative_to(root) not in LISTS_OF_FEATURES:
            yield f"{folder.relative_to(root)}: {number} modules in the folder, at most {FOLDER_MODULES}"


def offences_of(path: Path, name: Path) -> Iterator[str]:
    source = path.read_text(encoding="utf-8")
    lines = len(source.splitlines())
    if lines > MODULE_LINES:
        yield f"{name}:1: {lines} lines in the module, at most {MODULE_LINES}"
    for function in ast.walk(ast.parse(source, filename=str(name))):
        if isinstance(function, Function):
            yield from offences_of_function(function, name)


def offences_of_function(function: Function, name: Path) -> Iterator[str]:
    where = f"{name}:{function.lineno}: {function.name}"
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if lines > FUNCTION_LINES:
        yield f"{where} has {lines} lines, at most {FUNCTION_LINES}"
    body = lines_of_body(function)
    if is_resolver(function, name) and body > RESOLVER_LINES:
        yield f"{where} is a resolver with {body} lines in its body, at most {RESOLVER_LINES}"


def lines_of_body(function: Function) -> int:
    statements = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not statements:
        return 0
    return (function.end_lineno or function.lineno) - statements[0].lineno + 1


def is_resolver(function: Function, name: Path) -> bool:
    return name in RESOLVER_MODULES or any(is_resolver_decorator(each) for each in function.decorator_list)


def is_resolver_decorator(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(called, ast.Attribute):
        return called.attr in RESOLVER_DECORATORS
    return isinstance(called, ast.Name) and called.id in RESOLVER_DECORATORS


if __name__ == "__main__":
    sys.exit(main())
