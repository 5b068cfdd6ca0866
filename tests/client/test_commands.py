"""`flowport release` and `flowport status` against a server: what they do, tell, and leave (G7)."""

import pytest

from app.client import commands
from app.client.api import Api
from app.client.planning import View, look
from app.client.release_file import ReleaseFile
from tests.client.pipelines import FLOWS, PUBLISH, REVIEW, UPDATE, ReleasePlace
from tests.databases import contents

ROUNDS = 4
LONGEST_SECONDS = 0.6
WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
RECORDS = "select count(*), count(distinct source_flow_id) from flow_export where destination_workspace_id = $1"
STATES = "select state from release_request where workspace_id = $1 order by requested_at"
EXPORT = """mutation($input: ExportFlowInput!) {
  exportFlow(input: $input) { draft { flow { id } graph { native } } errors { message } } }"""
WORKSHOP_FIVE = [f"flow-{number}" for number in range(1, 6)]


async def test_forty_flows_are_released_and_then_the_five_that_were_edited(place: ReleasePlace) -> None:
    file = place.file("one")
    assert place.told("plan", file) == (2, {"create": FLOWS})
    assert await place.flows("one") == {}
    assert place.told("apply", file) == (0, {"create": FLOWS})
    first = await place.flows("one")
    assert {(flow.status, flow.number) for flow in first.values()} == {("ACTIVE", 1)}
    assert {name: flow.template for name, flow in first.items()} == {
        f"Flow-{number}": str(number) for number in range(1, FLOWS + 1)
    }
    before = await contents(place.url)
    for command in ("plan", "status", "apply", "request"):
        assert place.told(command, file) == (0, {"in sync": FLOWS})
    assert await contents(place.url) == before

    for key in WORKSHOP_FIVE:
        place.edit(place.id(key), "workshop", f"{key} again")
    assert place.told("status", file) == (2, {"override": 5, "in sync": FLOWS - 5})
    assert place.told("plan", file) == (2, {"override": 5, "in sync": FLOWS - 5})
    assert place.told("apply", file) == (0, {"override": 5, "in sync": FLOWS - 5})
    second = await place.flows("one")
    assert {name: flow.id for name, flow in second.items()} == {name: flow.id for name, flow in first.items()}
    changed = {name: flow.template for name, flow in second.items() if flow.number == 2}
    assert changed == {key.capitalize(): f"{key} again" for key in WORKSHOP_FIVE}


async def test_a_release_is_a_few_calls_and_its_status_is_one(place: ReleasePlace) -> None:
    file = place.file("two")
    assert place.calls("status", file) == ["Flows"]
    assert place.calls("plan", file) == ["Flows", "Resources", "Resources", "Plans"]
    assert place.calls("apply", file) == ["Flows", "Resources", "Resources", "Plans", "Export", "Publish"]
    assert place.calls("apply", file) == ["Flows"]
    assert place.calls("status", file) == ["Flows"]


async def test_what_was_exported_and_not_published_is_undone_in_one_call_and_only_once(place: ReleasePlace) -> None:
    file = place.file("six")
    status, [reason] = place.told("apply", file)
    assert status == 3
    assert reason.startswith(
        "Store six is reviewed, and you may not publish alone there. Request the release instead: "
    )
    assert await place.flows("six") == {}
    assert place.told("request", file) == (0, {"create": FLOWS})
    assert {flow.number for flow in (await place.flows("six")).values()} == {None}
    before = await contents(place.url)
    assert place.told("request", file) == (0, {"publish": FLOWS})
    assert await contents(place.url) == before
    assert place.calls("undo", file) == ["Exports", "Withdraw", "UndoExports"]
    assert await place.flows("six") == {}
    assert await place.rows(STATES, place.id("six")) == [("WITHDRAWN",)]
    before = await contents(place.url)
    assert place.told("undo", file) == (0, {})
    assert await contents(place.url) == before
    # The same input within a day: exports that were undone since aren't the answer.
    assert place.told("request", file) == (0, {"create": FLOWS})
    assert len(await place.flows("six")) == FLOWS
    assert await place.rows(STATES, place.id("six")) == [("WITHDRAWN",), ("OPEN",)]


async def test_a_release_that_was_approved_is_undone_in_one_call_and_only_once(place: ReleasePlace) -> None:
    file = place.file("seven")
    assert place.told("request", file) == (0, {"create": FLOWS})
    [(release_id,)] = await place.rows("select id from release_request where workspace_id = $1", place.id("seven"))
    place.ask(REVIEW, user="amy", releaseId=release_id, decision="APPROVE")
    assert place.told("status", file) == (0, {"in sync": FLOWS})
    assert place.calls("undo", file, user="amy") == ["Exports", "UndoRelease"]
    assert {flow.status for flow in (await place.flows("seven")).values()} == {"INACTIVE"}
    before = await contents(place.url)
    assert place.told("undo", file, user="amy") == (0, {})
    assert await contents(place.url) == before


async def test_what_was_published_without_a_request_is_undone_in_one_call_and_only_once(place: ReleasePlace) -> None:
    flows = WORKSHOP_FIVE[:3]
    file = place.file("three", f"flows: {[*map(str.capitalize, flows)]}\nmappings: {{equal-names: true}}\nstart: true")
    place.told("apply", file)
    first = await place.flows("three")
    for key in flows[:2]:
        place.edit(place.id(key), "workshop", f"{key} for the third")
    assert place.told("apply", file) == (0, {"override": 2, "in sync": 1})
    assert place.calls("undo", file) == ["Exports", "UndoRelease"]
    second = await place.flows("three")
    assert {name: flow.template for name, flow in second.items()} == {n: flow.template for n, flow in first.items()}
    assert sorted(flow.number or 0 for flow in second.values()) == [1, 3, 3]
    before = await contents(place.url)
    assert place.told("undo", file) == (0, {})
    assert "The release is undone already." in place.call("undo", file).stdout
    # The next release doesn't bring back what was undone.
    assert place.told("plan", file) == (3, {"refused": 2, "in sync": 1})
    status, reasons = place.told("apply", file)
    undone = "The release of this version was undone in Store three."
    assert (status, [reason.partition(": ")[2][: len(undone)] for reason in reasons]) == (3, [undone] * 2)
    assert await contents(place.url) == before
    place.edit(place.id(flows[0]), "workshop", "mended")
    file = place.file("three", f"flows: [{flows[0].capitalize()}]\nmappings: {{equal-names: true}}")
    assert "An earlier release was put back there." in place.call("plan", file).stdout
    assert place.told("apply", file) == (0, {"override": 1})
    assert (await place.flows("three"))[flows[0].capitalize()].template == "mended"


async def test_an_undoing_says_what_became_of_each_flow(place: ReleasePlace) -> None:
    file = place.file("three", "flows: [Flow-31, Flow-32]\nmappings: {equal-names: true}\nstart: true")
    place.told("apply", file)
    place.edit(place.id("flow-31"), "workshop", "for the undoing")
    file = place.file("three", "flows: [Flow-31, Flow-32, Flow-33]\nmappings: {equal-names: true}\nstart: true")
    assert place.told("apply", file) == (0, {"override": 1, "in sync": 1, "create": 1})
    assert place.told("undo", file) == (0, {"reverted": 1, "stopped": 1})
    flows = await place.flows("three")
    assert [(flows[name].status, flows[name].number) for name in ("Flow-31", "Flow-32", "Flow-33")] == [
        ("ACTIVE", 3),
        ("ACTIVE", 1),
        ("INACTIVE", 1),
    ]
    file = place.file("three", "flows: [Flow-34]\nmappings: {equal-names: true}")
    assert place.call("apply", file).stdout.splitlines()[-1] == "Published 1 flow."
    shown = place.call("undo", file).stdout
    assert shown.splitlines()[2:] == [
        "Flow-34  kept    Flow-34",
        "    It has no earlier version. Delete the flow if nobody needs it.",
        "1 kept.",
    ]
    started = place.file("three", "flows: [Flow-34]\nmappings: {equal-names: true}\nstart: true")
    assert place.call("status", started).stdout.splitlines()[2:] == [
        "Flow-34  in sync  Flow-34",
        "    It doesn't run there.",
        "1 in sync.",
    ]


async def test_a_release_of_which_a_flow_was_published_since_is_not_undone_and_the_flow_is_named(
    place: ReleasePlace,
) -> None:
    file = place.file("three", "flows: [Flow-35, Flow-36]\nmappings: {equal-names: true}")
    place.told("apply", file)
    place.edit((await place.flows("three"))["Flow-36"].id, "three", "fixed by hand")
    before = await contents(place.url)
    status, [reason] = place.told("undo", file)
    assert (status, "Flow-36" in reason, "Flow-35" in reason) == (4, True, False)
    assert await contents(place.url) == before


async def test_what_was_published_by_hand_is_not_undone(place: ReleasePlace) -> None:
    file = place.file("alone", "flows: [Flow-37]\nmappings: {equal-names: true}")
    assert place.told("request", file) == (0, {"create": 1})
    place.ask(PUBLISH, flowId=(await place.flows("alone"))["Flow-37"].id, expectedRevision=1)
    before = await contents(place.url)
    assert place.told("undo", file) == (
        3,
        ["Flow-37: None of the last 100 releases published it. Revert the flow itself."],
    )
    assert await contents(place.url) == before


async def test_changes_made_at_the_destination_are_named_and_not_undone_unless_the_file_says_so(
    place: ReleasePlace,
) -> None:
    flows = "flows: [Flow-11, Flow-12]\nmappings: {equal-names: true}\n"
    file = place.file("four", flows)
    assert place.told("apply", file) == (0, {"create": 2})
    copies = await place.flows("four")
    assert {flow.status for flow in copies.values()} == {"INACTIVE"}
    place.edit(copies["Flow-11"].id, "four", "fixed by hand")
    place.edit(place.id("flow-11"), "workshop", "edited")
    before = await contents(place.url)
    assert place.told("plan", file) == (3, {"refused": 1, "in sync": 1})
    status, [reason] = place.told("apply", file)
    assert (status, reason.partition(",")[0]) == (3, "Flow-11: It was changed in Store four since")
    assert place.told("request", file)[0] == 3
    assert await contents(place.url) == before
    file = place.file("four", f"{flows}destination-changes: overwrite")
    assert place.told("apply", file) == (0, {"override": 1, "in sync": 1})
    assert (await place.flows("four"))["Flow-11"].template == "edited"
    # The same change at both ends.
    place.edit(copies["Flow-11"].id, "four", "alike")
    place.edit(place.id("flow-11"), "workshop", "alike")
    assert place.told("status", place.file("four", flows)) == (0, {"in sync": 2})


async def test_a_draft_that_was_edited_back_is_no_change_at_the_destination(place: ReleasePlace) -> None:
    draft = place.ask(EXPORT, flowId=place.id("flow-14"), destination={"workspaceId": place.id("back")})["draft"]
    native = draft["graph"]["native"]
    for graph in ({**native, "note": "tried"}, native):
        assert place.ask(UPDATE, flowId=draft["flow"]["id"], graph=graph)["draft"]["provenance"] is None
    before = await contents(place.url)
    file = place.file("back", "flows: [Flow-14]")
    assert place.told("plan", file) == (3, {"refused": 1})
    refused = place.call("plan", file).stdout
    assert "credential" in refused
    assert "was changed" not in refused
    mapped = place.file("back", "flows: [Flow-14]\nmappings: {equal-names: true}")
    assert place.told("status", mapped) == place.told("plan", mapped) == (2, {"override": 1})
    assert await contents(place.url) == before
    assert place.told("apply", mapped) == (0, {"override": 1})


async def test_what_is_published_at_the_destination_while_a_release_is_exported_is_not_undone(
    place: ReleasePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = place.file("four", "flows: [Flow-13]\nmappings: {equal-names: true}")
    assert place.told("apply", file) == (0, {"create": 1})
    place.edit(place.id("flow-13"), "workshop", "edited")
    copy = (await place.flows("four"))["Flow-13"].id

    def look_away(api: Api, read: ReleaseFile) -> View:
        view = look(api, read)
        place.edit(copy, "four", "fixed by hand")
        return view

    monkeypatch.setattr(commands, "look", look_away)
    status, [reason] = place.told("apply", file)
    assert (status, reason.partition(": ")[0]) == (4, "Flow-13")
    assert (await place.flows("four"))["Flow-13"].template == "fixed by hand"


async def test_every_blocker_is_told_with_its_flow_and_nothing_is_published(place: ReleasePlace) -> None:
    file = place.file("five", "flows: [Flow-21, Flow-22]")
    ended = place.call("plan", file)
    missing = "    The step 2 has no credential of The mailer that lives in Store five. Choose one in the draft.\n"
    assert (ended.returncode, ended.stdout.count("\nFlow-2"), ended.stdout.count(missing)) == (3, 2, 2), ended.stdout
    before = await contents(place.url)
    for command in ("apply", "request"):
        status, reasons = place.told(command, file)
        assert (status, [reason[:7] for reason in reasons]) == (3, ["Flow-21"] * 2 + ["Flow-22"] * 2)
    assert await contents(place.url) == before
    file = place.file("five", "flows: [Flow-21, Flow-22]\nmappings: {equal-names: true}")
    assert place.told("apply", file) == (0, {"create": 2})
    assert {flow.number for flow in (await place.flows("five")).values()} == {1}


async def test_mappings_of_what_does_not_exist_are_mistakes_of_the_file(place: ReleasePlace) -> None:
    mail, orders, elsewhere = (place.id(key) for key in ("workshop-mail", "five-orders", "four-mail"))
    unknown = "credential_01jgfjjz00fpqryv2fvw0ehznt"
    file = place.file("five", f"flows: [Flow-31]\nmappings:\n  ids:\n    {mail}: {elsewhere}\n    {unknown}: {orders}")
    before = await contents(place.url)
    for command in ("plan", "apply", "request"):
        status, lines = place.told(command, file)
        assert (status, [line.partition(": ")[0].rpartition(":")[2] for line in lines]) == (64, ["6", "7"])
    assert await contents(place.url) == before


async def test_what_may_not_be_exported_is_told_for_each_flow_and_nothing_is_written(place: ReleasePlace) -> None:
    file, before = place.file("closed"), await contents(place.url)
    assert place.told("plan", file) == (3, {"refused": FLOWS})
    status, reasons = place.told("apply", file)
    assert (status, len(reasons)) == (3, FLOWS)
    assert {reason.partition(": ")[2][:53] for reason in reasons} == {
        "You lack the permission workspaces.flow.edit in Store"
    }
    assert await contents(place.url) == before


async def test_every_name_that_the_server_does_not_know_is_told_with_its_line(place: ReleasePlace) -> None:
    path = place.folder / "unknown.yaml"
    path.write_text("from: Workshop\nto: Nowhere\n")
    assert place.told("plan", path) == (64, [f'{path}:2: $.to: There is no workspace "Nowhere" that you can see.'])
    path.write_text("from: Workshop\nto: Store one\nflows:\n- Flow-1\n- Unfinished\nexcept: [Flow-0]\n")
    assert place.told("plan", path) == (
        64,
        [
            f'{path}:5: $.flows[1]: There is no published flow "Unfinished" in the workspace.',
            f'{path}:6: $.except[0]: There is no published flow "Flow-0" in the workspace.',
        ],
    )


@pytest.mark.parametrize("command", ["plan", "apply", "request", "undo", "status"])
def test_a_workspace_of_others_is_refused_and_not_taken_for_an_empty_one(place: ReleasePlace, command: str) -> None:
    reasons = [
        f"You are no member of {name}, so you can't see its flows. Ask its admins for a role there, such as Integrator."
        for name in ("Workshop", "Store two")
    ]
    assert place.told(command, place.file("one"), user="ben") == (3, reasons[:1])
    assert place.told(command, place.file("two"), user="ben") == (3, reasons)
