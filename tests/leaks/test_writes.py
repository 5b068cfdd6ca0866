"""What a mutation answers that goes through is the same, too, in a world without what its caller may not see (A5)."""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.api.world_builder import graph, step
from tests.databases import Databases
from tests.leaks.asking import document_for
from tests.leaks.company_of_strangers import company
from tests.leaks.expected_visibility import Sight
from tests.leaks.selections import fields_of
from tests.leaks.worlds import Ids, sections_of, served

ID = re.compile(r"\b[a-z]+_[0-9a-hjkmnp-tv-z]{26}\b")
TIME = re.compile(r'"\d{4}-\d\d-\d\dT[^"]*"')
CURSOR = re.compile(r'(ursor": ?)"[^"]*"')

FIRST_EXPORT, SECOND_EXPORT = "the record of the first copy", "the record of the second copy"
"""Stand for the ids that they have in each world."""

Named = Mapping[str, str]
Write = tuple[str, Callable[[Named, str, str], dict[str, Any]]]


def baking(ids: Named, home: str) -> dict[str, Any]:
    """To whoever can't see the component it is an unknown one, whatever it names."""
    mail = step("2", "acme/mailer:send", credential=ids[f"{home}-mail"])
    return graph(step("1", "oven-makers/oven:bake", fields={"tray": ids[f"{home}-orders"]}), mail)


WRITES: tuple[Write, ...] = (
    ("copyFlow", lambda ids, home, _: {"flowId": ids[f"{home}-strays"]}),
    ("copyFlow", lambda ids, home, _: {"flowId": ids[f"{home}-draft"]}),
    ("exportFlow", lambda ids, home, to: {"flowId": ids[f"{home}-bound"], "destination": {"workspaceId": ids[to]}}),
    (
        "exportFlow",
        lambda ids, home, to: {
            "flowId": ids[f"{home}-bound"],
            "destination": {"overrideFlowId": ids[f"{to}-stashed"]},
            "topicId": ids[f"{to}-items"],
        },
    ),
    (
        "exportFlows",
        lambda ids, home, to: {
            "items": [
                {"flowId": ids[f"{home}-bound"], "destination": {"workspaceId": ids[to]}},
                {"flowId": ids[f"{home}-bound"], "destination": {"overrideFlowId": ids[f"{to}-stashed"]}},
            ],
            "mappings": [{"fromId": ids[f"{home}-{name}"], "toId": ids[f"{to}-{name}"]} for name in ("mail", "agent")],
        },
    ),
    ("createFlow", lambda ids, home, _: {"workspaceId": ids[home], "name": "Baking", "graph": baking(ids, home)}),
    ("updateFlowDraft", lambda ids, home, _: {"flowId": ids[f"{home}-draft"], "graph": baking(ids, home)}),
    (
        "updateFlowDraft",
        lambda ids, home, _: {"flowId": ids[f"{home}-strays"], "bindings": [{"stepId": "5", "agentId": None}]},
    ),
    (
        "requestRelease",
        lambda ids, home, _: {"title": "Spring", "items": [{"flowId": ids[f"{home}-history"], "expectedRevision": 1}]},
    ),
    ("publishFlowDraft", lambda ids, home, _: {"flowId": ids[f"{home}-history"]}),
    (
        "publishFlowDrafts",
        lambda ids, home, _: {
            "items": [{"flowId": ids[f"{home}-draft"], "expectedRevision": 1}],
            "mode": "BEST_EFFORT",
        },
    ),
    ("startFlows", lambda ids, home, _: {"flowIds": [ids[f"{home}-history"]]}),
    ("stopFlows", lambda ids, home, _: {"flowIds": [ids[f"{home}-history"]]}),
    ("revertFlow", lambda ids, home, _: {"flowId": ids[f"{home}-strays"], "versionId": ids[f"{home}-strays/1"]}),
    ("restoreFlowDraft", lambda ids, home, _: {"draftId": ids[f"{home}-stashed/draft"]}),
    ("discardFlowDraft", lambda ids, home, _: {"flowId": ids[f"{home}-draft"]}),
    ("undoExport", lambda *_: {"exportId": FIRST_EXPORT}),
    ("undoExports", lambda *_: {"exportIds": [SECOND_EXPORT]}),
    ("startFlow", lambda ids, home, _: {"flowId": ids[f"{home}-history"]}),
    ("stopFlow", lambda ids, home, _: {"flowId": ids[f"{home}-history"]}),
    ("deleteFlow", lambda ids, home, _: {"flowId": ids[f"{home}-strays"]}),
    ("reviewRelease", lambda ids, home, _: {"releaseId": ids[f"{home}-release"], "decision": "REJECT"}),
    ("withdrawRelease", lambda ids, home, _: {"releaseId": ids[f"{home}-second"]}),
    ("undoRelease", lambda ids, home, _: {"releaseId": ids[f"{home}-applied"]}),
    (
        "applyWorld",
        lambda ids, home, _: {
            "document": {
                "format": "flowport-world/1",
                "workspaces": [{"id": ids[home], "name": "Renamed"}],
                "credentials": [{"id": ids[f"{home}-mail"], "remove": True}],
            }
        },
    ),
)
"""One after the other: a mutation, and its input with the keys of the workspaces it goes from and to."""


def comparable(answer: str, known: Collection[str]) -> str:
    """An answer whose times and cursors are left out, and whose new ids are numbered."""
    new: dict[str, str] = {}

    def numbered(found: re.Match[str]) -> str:
        id_ = found.group()
        return id_ if id_ in known else new.setdefault(id_, f"new {len(new)}")

    return ID.sub(numbered, TIME.sub('"some time"', CURSOR.sub(r'\1"some cursor"', answer)))


@pytest.mark.parametrize(("user", "home", "to"), [("mia", "workshop", "store"), ("nils", "kitchen", "kitchen")])
async def test_writes_answer_as_in_a_world_without_what_the_caller_can_not_see(
    databases: Databases, *, user: str, home: str, to: str
) -> None:
    world, ids = company(), Ids()
    sight = Sight(world, user)
    provisioner = {"tenantMembers": [{"tenant": "north", "user": user, "role": "provisioner"}]}
    async with AsyncExitStack() as stack:
        full = await stack.enter_async_context(served(databases, {**sections_of(world), **provisioner}, ids, [user]))
        known = await stack.enter_async_context(
            served(databases, {**sight.world(), **provisioner}, ids, [user], forgotten=sight.forgotten())
        )
        made: dict[str, list[str]] = {}
        for mutation, document, variables in asked(ids.of, home, to):
            answers = []
            for each in (full, known):
                records, text = made.setdefault(each.database_url, []), json.dumps(variables)
                for export, record in zip((FIRST_EXPORT, SECOND_EXPORT), records, strict=False):
                    text = text.replace(export, record)
                answers.append(await each.answer(user, document, **json.loads(text)))
                records += re.findall(r"\bexport_[0-9a-z]{26}\b", answers[-1])[:1]
            told, expected = (comparable(answer, {*ids.of.values()}) for answer in answers)
            assert 'Payload_errors":[]' in told, told
            assert told == expected, mutation


def asked(ids: Named, home: str, to: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for mutation, make in WRITES:
        document, variables = document_for("Mutation", mutation, [{"input": make(ids, home, to)}], 1)
        yield mutation, document, variables


def test_every_mutation_is_made_to_write() -> None:
    assert {mutation for mutation, _ in WRITES} == set(fields_of("Mutation"))
