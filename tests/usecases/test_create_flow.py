"""createFlow: content apart from bindings, stored once (C6)."""

import hashlib
import json

import pytest

from app.domain.edit import Saved, UpdateWish
from app.domain.graph import Bindings, TopicField, split
from app.domain.model import FlowType
from app.usecases.change_flow import update_draft
from tests.api.world_builder import graph
from tests.usecases.company_database import CompanyDatabase, created
from tests.usecases.contents import Written, written
from tests.usecases.rows import bound, new_draft, new_flow
from tests.usecases.steps import code, erp, mailer, sub


def hash_of(content: object) -> tuple[str, str]:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest(), text


async def test_a_created_flow_has_its_content_apart_from_its_bindings(world: CompanyDatabase) -> None:
    before = await world.contents()
    native = graph(
        sub("in", world["dev-orders"]),
        mailer("mail", world["dev-mail"], agent=world["dev-agent"], samples={"sample": "two"}),
        erp("erp", world["dev-erp"]),
        {"id": "odd", "command": "no command", "x": [1, 1.0, "ü"]},
    )

    said = {"description": "Über alles", "cron": "0 5 * * *", "type": FlowType.REAL_TIME}
    outcome = created(await world.create("development", native, name=" Fresh ", **said))

    content = json.loads(json.dumps(native))
    del content["nodes"][0]["fields"]["topic"]
    for key in ("credentials_id", "vpn_agent_id", "selected_data_samples"):
        del content["nodes"][1][key]
    del content["nodes"][2]["secret_id"]
    content_hash, text = hash_of(content)
    found = written(before, await world.contents())
    [stored] = found.added["flow_content"]
    names = ("code", "erp", "mailer", "pub-sub")
    described = {"description": "Über alles", "cron": "0 5 * * *"}
    state = {"name": "Fresh", "content_hash": content_hash, **described}
    bindings = [
        bound(0, topic=world["dev-orders"]),
        bound(1, credential=world["dev-mail"], agent=world["dev-agent"], data_samples={"sample": "two"}),
        bound(2, secret=world["dev-erp"]),
    ]
    assert (stored["hash"], stored["graph"]) == (content_hash, text)
    assert found == Written(
        added={
            "flow_content": [stored],
            "flow_content_component": [
                {"hash": content_hash, "team": "core", "name": name} for name in names if name != "code"
            ],
            "flow": [new_flow(world, outcome, "development", "Fresh", type="REAL_TIME", **described)],
            "flow_draft": [new_draft(world, outcome, state, bindings, origin="EDIT")],
        }
    )


async def test_content_that_is_known_is_not_stored_again_whatever_the_bindings(world: CompanyDatabase) -> None:
    first = created(await world.create("development", graph(mailer("1", world["dev-mail"]), code("2", "new"))))
    before = await world.contents()
    second = created(await world.create("production", graph(mailer("1", world["live-mail"]), code("2", "new"))))
    found = written(before, await world.contents())
    assert sorted(found.added) == ["flow", "flow_draft"]
    one, other = await world.draft(first.flow_id), await world.draft(second.flow_id)
    assert one["content_hash"] == other["content_hash"]
    assert one["bindings"] != other["bindings"]


async def test_an_unfinished_graph_and_unknown_components_are_no_reason_to_refuse(world: CompanyDatabase) -> None:
    unfinished = {"nodes": [{"id": "1", "command": "gone/away:run"}, {"id": "1", "command": ""}], "edges": []}
    outcome = created(await world.create("development", unfinished))
    assert (await world.draft(outcome.flow_id))["bindings"] == "[]"


async def test_a_graph_that_is_sent_is_taken_apart_once(
    world: CompanyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    native, taken_apart = graph(sub("in", world["dev-orders"])), []

    def split_and_count(sent: object, topic_field: TopicField) -> tuple[object, Bindings]:
        taken_apart.append(sent)
        return split(sent, topic_field)

    monkeypatch.setattr("app.domain.content.split", split_and_count)
    outcome = created(await world.create("development", native))
    saved = await update_draft(world.work.of(world.user("ada")), UpdateWish(outcome.flow_id, graph=native))
    assert isinstance(saved, Saved)
    assert taken_apart == [native, native]
