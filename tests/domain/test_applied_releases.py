"""The releases that drafts are which are published in one call (B4)."""

from dataclasses import replace

from app.domain.batch import MOST_ITEMS
from app.domain.model import FlowId, FlowStatus
from app.domain.publish import PublishPlan
from app.domain.release import applied_releases
from tests.domain.builders import DEVELOPMENT, PRODUCTION, draft, flow, integrator, sends
from tests.domain.lifecycle import agreed, publish

LONGEST_TITLE = 255


def plan_of(name: str, *, start: bool = False, status: FlowStatus = FlowStatus.INACTIVE) -> PublishPlan:
    its_flow = replace(flow(None, draft(sends("1")), status=status), id=FlowId(f"flow {name}"), name=name)
    return agreed(publish(its_flow, start=start))


def test_the_drafts_of_each_workspace_are_a_release_in_their_order() -> None:
    one, two, three = (plan_of(name) for name in ("One", "Two", "Three"))
    elsewhere = replace(two, flow=replace(two.flow, access=integrator(PRODUCTION)))
    releases = applied_releases([one, elsewhere, three])
    assert [(each.workspace_id, each.title, each.plans) for each in releases] == [
        (DEVELOPMENT.id, "One, Three", (one, three)),
        (PRODUCTION.id, "Two", (elsewhere,)),
    ]
    assert applied_releases([]) == []


def test_a_release_starts_flows_if_one_of_them_did_not_run() -> None:
    running = plan_of("One", start=True, status=FlowStatus.ACTIVE)
    assert [each.start for each in applied_releases([running])] == [False]
    assert [each.start for each in applied_releases([running, plan_of("Two", start=True)])] == [True]


def test_the_longest_names_of_a_whole_call_fit_a_title() -> None:
    [release] = applied_releases([plan_of(f"{number:04}{'n' * 251}") for number in range(MOST_ITEMS)])
    assert (len(release.plans), len(release.title) <= LONGEST_TITLE) == (MOST_ITEMS, True)
    assert release.title.startswith("0000nnn")
    assert release.title.endswith(" and 998 more")
