"""Changes the rules of the domain at random, one place at a time, and tells which changes no test notices.

    python scripts/benchmarks/mutants.py
    python scripts/benchmarks/mutants.py --number 500 --seed 7 --only export

Each mutant is one changed place of a module of `app/domain`: another comparison, a condition turned round, a number one
higher, an element left out. `tests/domain` runs on it in a copy of the project, until the first test fails; where none
does, `tests/usecases` and `tests/lifecycle` run too, then `tests/api`. A mutant on which no test fails is printed with its place, before and
after. The exit code is 1 if there is one that `EXPLAINED` doesn't name. A mutant takes about four seconds.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from random import Random
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = "app/domain"
COPIED = ("app", "tests", "scripts", "pyproject.toml", "schema.graphql")
TESTS = (("tests/domain",), ("tests/usecases", "tests/lifecycle"), ("tests/api",))
"""The quick ones first."""
ENVIRONMENT = os.environ | {"TEST_EXAMPLES": "20"}
MOST_SECONDS, PATIENCE = 300, 3600
"""A mutant whose tests take more CPU time, or far more time than that on a busy machine, never ends: it is noticed."""
COMPARISONS: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(),
    ast.Is: ast.IsNot(),
    ast.IsNot: ast.Is(),
    ast.In: ast.NotIn(),
    ast.NotIn: ast.In(),
    ast.Lt: ast.LtE(),
    ast.LtE: ast.Lt(),
    ast.Gt: ast.GtE(),
    ast.GtE: ast.Gt(),
}
UNNOTICED = {"compare", "covariant", "eq", "frozen", "hash", "kw_only", "repr", "slots", "strict"}
"""Arguments that change nothing while no mistake is made."""
CALLS = {"any": "all", "all": "any", "min": "max", "max": "min"}
ESTIMATE = "How much work there is, or may be, is an estimate."
EXPLAINED = {
    ("app/domain/diff.py", "5", "6"): ESTIMATE,
    ("app/domain/diff.py", "len(old) + len(new)", "len(old) - len(new)"): ESTIMATE,
    ("app/domain/diff.py", "self._limit.steps <= 0", "self._limit.steps < 0"): ESTIMATE,
    ("app/domain/matching.py", "800000", "800001"): ESTIMATE,
    ("app/domain/matching.py", "4", "5"): ESTIMATE,
    (
        "app/domain/flow.py",
        "len(self.steps) + len(self.links) + len(self.bindings)",
        "len(self.steps) + len(self.links) - len(self.bindings)",
    ): ESTIMATE,
    (
        "app/domain/export.py",
        "len(self.references) + len(self.state.graph.bindings)",
        "len(self.references) - len(self.state.graph.bindings)",
    ): ESTIMATE,
    ("app/domain/facts.py", "500", "501"): ESTIMATE,
    ("app/domain/facts.py", "0", "1"): f"{ESTIMATE} Or it is a default, and whoever gathers facts counts the flows.",
    ("app/domain/content.py", "50", "51"): "A refusal may list a mistake more of a graph.",
    ("app/domain/errors.py", "1200", "1201"): "A message may be a character longer.",
    ("app/domain/source_graph.py", "200", "201"): "A message may quote a character more of the steps.",
    ("app/domain/content.py", "DEEPEST_GRAPH + 1", "DEEPEST_GRAPH - 1"): (
        "The quick check may give up earlier: the slow one finds the same."
    ),
    ("app/domain/export.py", "refusals or graph is None", "refusals and graph is None"): (
        "Where the source is refused, nobody asks in which workspaces its components are usable."
    ),
    (
        "app/domain/world/names.py",
        "item.section.kind is not None and item.key is not None",
        "item.section.kind is not None or item.key is not None",
    ): "No reference names a membership, or an item without a key.",
}
"""Mutants that change nothing a caller could notice, by module, before and after; and why."""


class Mutant(NamedTuple):
    module: str
    line: int
    before: str
    after: str
    source: str
    """The changed module."""

    @property
    def is_explained(self) -> bool:
        return (self.module, self.before, self.after) in EXPLAINED


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=150, help="of mutants; default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="chooses the mutants; default: %(default)s")
    parser.add_argument("--only", default="", help="modules whose paths hold this text; default: all of them")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="default: %(default)s")
    options = parser.parse_args()
    paths = sorted(path for path in (ROOT / DOMAIN).rglob("*.py") if options.only in str(path.relative_to(ROOT)))
    mutants = [mutant for path in paths for mutant in mutants_of(path)]
    chosen = Random(options.seed).sample(mutants, min(options.number, len(mutants)))  # noqa: S311 - no secret
    explained = unexplained = 0
    for mutant in survivors_of(chosen, options.processes):
        if mutant.is_explained:
            explained += 1
        else:
            unexplained += 1
            print(f"{mutant.module}:{mutant.line}: {mutant.before}  →  {mutant.after}", flush=True)
    noticed = len(chosen) - explained - unexplained
    print(f"{noticed} of {len(chosen)} noticed, {explained} explained, {unexplained} not noticed.")
    sys.exit(1 if unexplained else 0)


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every mutant of a module."""
    source = path.read_text(encoding="utf-8")
    module = str(path.relative_to(ROOT))
    original = ast.parse(source)
    keywords = (node for node in ast.walk(original) if isinstance(node, ast.keyword) and node.arg in UNNOTICED)
    left_alone = {id(keyword.value) for keyword in keywords}
    for number, node in enumerate(ast.walk(original)):
        if not isinstance(node, ast.stmt | ast.expr) or id(node) in left_alone:
            continue
        for change in (*changed_conditions(node), *changed_values(node)):
            tree = ast.parse(source)
            next(islice(ast.walk(tree), number, None)).__dict__.update(change.__dict__)
            before, after = (ast.unparse(each).partition("\n")[0] for each in (node, change))
            yield Mutant(module, node.lineno, before, after, ast.unparse(tree))


def changed_conditions(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=[operator, *_]) if type(operator) in COMPARISONS:
            yield changed(node, ops=[COMPARISONS[type(operator)], *node.ops[1:]])
        case ast.BoolOp():
            yield changed(node, op=ast.And() if isinstance(node.op, ast.Or) else ast.Or())
        case ast.If() | ast.IfExp():
            yield changed(node, test=ast.UnaryOp(ast.Not(), node.test))
        case ast.Call(func=ast.Name(id=name)) if name in CALLS:
            yield changed(node, func=ast.Name(CALLS[name]))


def changed_values(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(op=ast.Add()):
            yield changed(node, op=ast.Sub())
        case ast.BinOp(op=ast.Sub()):
            yield changed(node, op=ast.Add())
        case ast.Constant(value=bool(value)):
            yield changed(node, value=not value)
        case ast.Constant(value=int(value)):
            yield changed(node, value=value + 1)
        case ast.Tuple(elts=elements, ctx=ast.Load()) if any(isinstance(each, ast.Starred) for each in elements):
            for index in range(len(elements)):
                yield changed(node, elts=[*elements[:index], *elements[index + 1 :]])


def changed(node: ast.AST, **fields: object) -> ast.AST:
    copy = deepcopy(node)
    copy.__dict__.update(fields)
    return copy


def survivors_of(mutants: list[Mutant], processes: int) -> Iterator[Mutant]:
    """The mutants that no test notices, as they are found."""
    copies: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(processes) as pool:
        for number in range(processes):
            copies.put(copied(Path(folder) / f"{number}"))
        if not passes(copies.get(), None, copies):
            sys.exit("The tests fail without any change.")
        survive = pool.map(lambda mutant: passes(copies.get(), mutant, copies), mutants)
        for number, (mutant, survives) in enumerate(zip(mutants, survive, strict=True), start=1):
            if sys.stderr.isatty():
                print(f"\r{number} of {len(mutants)}", end="\r", file=sys.stderr, flush=True)
            if survives:
                yield mutant


def copied(folder: Path) -> Path:
    """A copy of what the tests need."""
    folder.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(source, folder / name)
    return folder


def passes(folder: Path, mutant: Mutant | None, copies: "SimpleQueue[Path]") -> bool:
    """Whether all tests pass on the mutant. The folder is as before afterwards."""
    module = folder / ("" if mutant is None else mutant.module)
    before = None if mutant is None else module.read_text(encoding="utf-8")
    try:
        if mutant is not None:
            module.write_text(mutant.source, encoding="utf-8")
        return all(pass_in(folder, tests) for tests in TESTS)
    finally:
        if before is not None:
            module.write_text(before, encoding="utf-8")
        copies.put(folder)


def pass_in(folder: Path, tests: Iterable[str]) -> bool:
    bounded = ["/bin/sh", "-c", f'ulimit -t {MOST_SECONDS} && exec "$@"', "sh"]
    command = [*bounded, sys.executable, "-B", "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests]
    try:
        return not subprocess.run(
            command, cwd=folder, env=ENVIRONMENT, capture_output=True, timeout=PATIENCE, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return False


if __name__ == "__main__":
    main()
