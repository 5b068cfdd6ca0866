"""Who opens transactions and who reads: held by the code itself, so that a second commit in a use case can't slip in."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

APP = Path(__file__).parents[2] / "app"

BEGINNINGS = {
    "storage/connections/database.py: Database.writing": "begin",
    # Behind a pooler, what only reads is a transaction too.
    "storage/connections/pool.py: ConnectionPool.reading": "begin",
    # To ask which server it is.
    "storage/connections/replicas/replica.py: Replica._connect": "begin",
    # On SQLAlchemy's engine, for Alembic.
    "storage/migrations/migrate.py: run_alone": "begin",
}

USE_CASES_THAT_WRITE = {
    *("copy_flow", "create_flow", "delete_flow", "discard_draft", "export_flow", "export_flows"),
    *(
        "publish_draft",
        "publish_drafts",
        "request_release",
        "restore_draft",
        "revert_flow",
        "review_release",
        "start_flow",
        "start_flows",
        "stop_flow",
        "stop_flows",
        "undo_export",
        "undo_exports",
        "undo_release",
        "update_draft",
        "withdraw_release",
    ),
    # For nobody.
    *("begin", "note_positions", "note_token_use", "number_batch"),
    *("remove_drafts", "remove_events", "remove_keys", "remove_next", "remove_records"),
    *("apply_world", "issue_token", "load_demo", "reset_demo", "revoke_token"),
}


def test_use_cases_alone_open_transactions() -> None:
    assert {*openings_of("writing")} == {"usecases/transaction.py: UnitOfWork.begin"}


def test_transactions_are_begun_on_the_driver_by_these_alone() -> None:
    begun = {place: called for called in ("begin", "transaction") for place in openings_of(called)}
    assert {place: called for place, called in begun.items() if not place.startswith("usecases/")} == BEGINNINGS


def test_each_use_case_that_writes_has_a_transaction() -> None:
    decorated = {
        name
        for file in (APP / "usecases").glob("*.py")
        for name, function in functions_in(ast.parse(file.read_text()), ())
        if isinstance(function, ast.AsyncFunctionDef)
        for decorator in function.decorator_list
        if ast.unparse(decorator).startswith("transaction(")
    }
    assert decorated == USE_CASES_THAT_WRITE


def test_nobody_else_commits() -> None:
    committing = [*openings_of("commit"), *openings_of("begin_nested"), *openings_of("begin_twophase")]
    assert sorted(committing) == [
        "storage/connections/database.py: Database.writing",
        "storage/connections/pool.py: ConnectionPool.reading",
        "storage/connections/replicas/replica.py: Replica._connect",
    ]


def test_transactions_that_write_are_begun_in_one_place() -> None:
    begun = {
        f"{file.relative_to(APP)}: {name}"
        for file in APP.rglob("*.py")
        if "read_only" in file.read_text()
        for name, function in functions_in(ast.parse(file.read_text()), ())
        if "read_only=False" in ast.unparse(function)
    }
    assert begun == {"storage/connections/database.py: Database.writing"}


def openings_of(method: str) -> Iterator[str]:
    """The functions of the program that call a method of this name in an `async with`, or simply call it."""
    return (place for place, called in methods_called().items() if method in called)


@cache
def methods_called() -> dict[str, set[str]]:
    """By function of the program."""
    return {
        f"{file.relative_to(APP)}: {name}": {method for node in ast.walk(function) for method in called_by(node)}
        for file in sorted(APP.rglob("*.py"))
        if "versions" not in file.parts and file.name != "env.py"
        for name, function in functions_in(ast.parse(file.read_text()), ())
    }


def functions_in(node: ast.AST, names: tuple[str, ...]) -> Iterator[tuple[str, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield ".".join((*names, child.name)), child
        else:
            yield from functions_in(child, (*names, child.name) if isinstance(child, ast.ClassDef) else names)


def called_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield node.func.attr
