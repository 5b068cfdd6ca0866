"""The flows that an export could override and the topics that could replace the flow's own, best match first."""

import pytest

from app.domain.flow import BY_DEFAULT, SourceWish, StateOfFlow
from app.storage.pages.paging import PageRequest
from app.usecases.find_candidates import OverrideSearch, TopicsInUse, find_topics_in_use
from tests.usecases.company_database import CompanyDatabase, exported

ALL = PageRequest(100)


async def flows_for(
    world: CompanyDatabase, flow: str, to: str, search: str | None = None, *, by: str = "ada"
) -> list[tuple[str, str]] | None:
    """The ids of the flows, each with why it is a candidate; None where the caller is shown no list."""
    candidates, user = OverrideSearch(world[flow], world[to], search), world.user(by)
    page = await candidates.page(world.database, user, ALL)
    number = await candidates.count(world.database, user)
    assert number == (0 if page is None else len(page.elements))
    return None if page is None else [(flow.id, reason) for _, (flow, reason) in page.elements]


async def topics_in(
    world: CompanyDatabase, flow: str, source: SourceWish = BY_DEFAULT, *, by: str = "ada"
) -> TopicsInUse | None:
    return await find_topics_in_use(world.database, world.user(by), world[flow], source)


def key_of(world: CompanyDatabase, id_: str) -> str:
    return next(key for key, known in world.ids.items() if known == id_)


async def test_a_flow_that_an_export_made_comes_first_then_names_in_order(world: CompanyDatabase) -> None:
    outcome = exported(await world.export("orders", to="production", topic="live-orders", name="Zulu"))
    assert await flows_for(world, "orders", "production") == [
        (outcome.flow_id, "COPIED_FROM_THIS_FLOW"),
        (world["busy"], "OTHER"),
        (world["never-published"], "OTHER"),
        (world["orders-live"], "OTHER"),
    ]
    assert await flows_for(world, "orders", "production", "bus") == [(world["busy"], "OTHER")]


@pytest.mark.parametrize(("to", "by"), [("production", "cora"), ("production", "olga"), ("nowhere", "ada")])
async def test_who_cannot_see_flow_or_workspace_is_offered_no_flow(
    untouched: CompanyDatabase, to: str, by: str
) -> None:
    assert await flows_for(untouched, "orders", to, by=by) is None
    assert by == "ada" or await topics_in(untouched, "orders", by=by) is None


async def offered(world: CompanyDatabase, flow: str, topic: str | None, to: str) -> tuple[object, ...]:
    """The topic in use, whether it may be replaced, the steps, and each topic on offer with what is missing of it."""
    uses = await topics_in(world, flow)
    assert uses is not None
    candidates = uses.replacements_for(None if topic is None else world[topic], world[to])
    ada = world.user("ada")
    page = await candidates.page(world.database, ada, ALL)
    topics = None
    if page is not None:
        assert await candidates.count(world.database, ada) == len(page.elements)
        topics = [
            (key_of(world, one.topic.id), one.same_name, tuple(one.missing_properties)) for _, one in page.elements
        ]
    used = None if candidates.topic is None else key_of(world, candidates.topic.id)
    return used, candidates.may_be_replaced, [step.id for step in candidates.steps], topics


HIDDEN = f"workspace_{'0' * 26}"
OF_ORDERS = [("live-orders", True, ("total",)), ("live-items", False, ("id", "total"))]
OF_ITEMS = [("live-items", True, ()), ("live-orders", False, ("id",))]
OF_NONE = [("live-items", False, ()), ("live-orders", False, ())]


@pytest.mark.parametrize(
    ("flow", "topic", "to", "expected"),
    [
        ("orders", None, "production", ("dev-orders", True, ["in"], OF_ORDERS)),
        ("orders", "dev-orders", "kitchen", ("dev-orders", True, ["in"], [])),
        ("orders", "dev-orders", HIDDEN, ("dev-orders", True, ["in"], None)),
        ("orders", "live-orders", "production", (None, False, [], [])),
        ("two-topics", None, "production", (None, False, [], [])),
        ("two-topics", "dev-items", "production", ("dev-items", True, ["out"], OF_ITEMS)),
        ("topicless", None, "production", (None, True, [], OF_NONE)),
        ("plain", None, "production", (None, False, [], [])),
    ],
)
async def test_which_topics_could_replace_the_flows_own(
    untouched: CompanyDatabase, flow: str, topic: str | None, to: str, expected: object
) -> None:
    """T1, T4."""
    assert await offered(untouched, flow, topic, to) == expected


@pytest.mark.parametrize(("topic", "used"), [(None, "dev-orders"), ("dev-items", None)])
async def test_a_topic_that_is_gone_leaves_the_flow_with_the_other_one(
    world: CompanyDatabase, topic: str | None, used: str | None
) -> None:
    """W7, and P2: what is gone can be mapped all the same."""
    await world.execute("delete from topic where id = :id", id=world["dev-items"])
    assert (await offered(world, "two-topics", topic, "production"))[:2] == (used, True)


async def test_a_flow_without_the_state_has_no_topics_and_no_id_of_a_workspace_no_list(
    untouched: CompanyDatabase,
) -> None:
    assert await topics_in(untouched, "plain", SourceWish(StateOfFlow.DRAFT)) is None
    uses = await topics_in(untouched, "orders")
    assert uses is not None
    candidates = uses.replacements_for(None, untouched["orders"])
    assert await candidates.page(untouched.database, untouched.user("ada"), ALL) is None
