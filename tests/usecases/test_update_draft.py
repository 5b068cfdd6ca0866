"""updateFlowDraft: what is written, and what isn't."""

import json

from app.domain.choices import StepChoice
from app.domain.edit import Saved, UpdateWish
from app.domain.errors import Refused
from app.domain.model import ReferenceKind
from app.usecases.change_flow import update_draft
from tests.api.world_builder import graph
from tests.usecases.company_database import CompanyDatabase, created, exported
from tests.usecases.steps import mailer


async def saved(world: CompanyDatabase, flow_id: str, *choices: StepChoice) -> object:
    return await update_draft(world.work.of(world.user("ada")), UpdateWish(flow_id, bindings=choices))


async def test_a_call_that_names_nothing_to_change_writes_nothing(world: CompanyDatabase) -> None:
    made = created(await world.create("development", graph(mailer("1", world["dev-mail"]))))
    before = await world.contents()
    for choices in ((), (StepChoice("1", {}),)):
        assert await saved(world, made.flow_id, *choices) == Saved(made.flow_id, made.draft_id)
    assert await world.contents() == before


async def test_two_choices_for_one_step_are_refused_and_nothing_is_written(world: CompanyDatabase) -> None:
    made = created(await world.create("development", graph(mailer("1", world["dev-mail"]))))
    before = await world.contents()
    agent = StepChoice("1", {ReferenceKind.AGENT: world["dev-agent"]})
    outcome = await saved(world, made.flow_id, StepChoice("1", {ReferenceKind.CREDENTIAL: None}), agent)
    assert isinstance(outcome, Refused)
    assert [error.path for error in outcome.errors] == [("bindings", "1", "stepId")]
    assert await world.contents() == before


async def test_what_became_of_a_reference_is_told_and_recorded_with_the_name_of_its_step(
    world: CompanyDatabase,
) -> None:
    step = mailer("1", world["dev-mail"], agent=world["dev-agent"]) | {"name": " Tell everybody "}
    made = created(await world.create("development", graph(step)))
    went = exported(await world.export(made.flow_id, to="production"))
    assert [(one.step_id, one.step_name) for one in went.references] == [("1", "Tell everybody")] * 2
    [warning] = went.warnings
    assert warning.message.startswith(
        "The step Tell everybody of the source runs on the agent Office, which Production "
    )
    [record] = [row for row in (await world.contents())["flow_export"].values() if row["draft_id"] == went.draft_id]
    assert [one["name"] for one in json.loads(record["references"])] == ["Tell everybody"] * 2
