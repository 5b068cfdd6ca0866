"""What the API shows of values of the domain: fields that are read by their names."""

import pytest

from app.domain.bindings import AgentNotCopied
from app.domain.component import InaccessibilityReason
from app.domain.graph import StepBindings
from app.domain.model import ReferenceKind
from app.domain.source_graph import InaccessibleComponent
from app.domain.undo import ExportNotFound
from app.domain.world.sections import NAMES
from app.domain.world.things import FlowUses, TenantNotFound
from tests.domain.builders import called, component
from tests.domain.provisioned import BEN, MAIL, ORDERS, planned

BOUND = StepBindings(
    0,
    {
        ReferenceKind.CREDENTIAL: "credential_1",
        ReferenceKind.SECRET: "secret_1",
        ReferenceKind.AGENT: None,
        ReferenceKind.TOPIC: 1,
    },
)
CRM = component("lab/crm")
STEPS = (called("2"), called("1"))
UNKNOWN = InaccessibleComponent("lab/none", None, STEPS, InaccessibilityReason.UNKNOWN_COMPONENT)
HIDDEN = InaccessibleComponent("lab/crm", CRM, STEPS, InaccessibilityReason.OTHER_TENANT)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (BOUND, {"credential": "credential_1", "secret": "secret_1", "agent": None, "topic": None}),
        (UNKNOWN, {"step_ids": ["2", "1"], "component": None}),
        (HIDDEN, {"step_ids": ["2", "1"], "component": CRM}),
        (AgentNotCopied("agent_1", None, STEPS, None), {"step_ids": ["2", "1"]}),
        (
            ExportNotFound("export_1"),
            {"full_message": "There is no export export_1 that you can see. Check the id, or ask for access."},
        ),
        (
            ExportNotFound("export_1", about="Orders"),
            {"full_message": "Orders: There is no export export_1 that you can see. Check the id, or ask for access."},
        ),
        (
            TenantNotFound("tenant_1"),
            {"message": "There is no tenant tenant_1 that you can see. Check the id, or ask for access."},
        ),
    ],
)
def test_what_is_shown_of_a_value(value: object, shown: dict[str, object]) -> None:
    assert {name: getattr(value, name) for name in shown} == shown


@pytest.mark.parametrize(
    ("section", "item", "name"),
    [
        ("contracts", {"key": "retail", "name": "Shops"}, "Shops"),
        ("users", {"key": "ada", "email": "ada@example.org"}, "ada@example.org"),
        ("workspaceMembers", {"workspace": "dev", "user": "ada", "role": "guest"}, "guest"),
        ("contracts", {"key": "gone", "remove": True}, None),
    ],
)
def test_a_thing_of_a_plan_is_called_by_its_name_its_address_or_its_role(
    section: str, item: dict[str, object], name: str | None
) -> None:
    [thing] = planned({section: [item]}).effects
    assert (NAMES[thing.section_name], thing.name) == (section, name)


def test_a_plan_shows_what_differs_with_the_flows_that_use_it() -> None:
    uses = {MAIL: FlowUses(1, (ORDERS,), ("Orders",))}
    plan = planned({"credentials": [{"key": "mail", "remove": True}], "users": [{"id": BEN}]}, uses=uses)
    [mail] = plan.differing()
    assert (len(plan.effects), mail.uses.count, mail.uses.flows) == (2, 1, (ORDERS,))
