"""Documents that ask for one field with many different arguments at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from graphql import GraphQLField, get_named_type, is_required_argument

from app.domain.model import Kind
from tests.leaks.company_of_strangers import CALLERS
from tests.leaks.expected_visibility import Sight
from tests.leaks.places import Place, kind_of_argument
from tests.leaks.selections import Everything, fields_of
from tests.property_settings import EVERY

Arguments = dict[str, Any]
Case = TypeVar("Case")

HOMES = {"mia": "workshop", "gil": "workshop", "carl": "workshop", "nils": "kitchen", "olga": "harbour"}
"""Where each caller works; the member of a contract nowhere."""

INPUTS: dict[str, Callable[[Callable[[str], str]], Arguments]] = {
    "copyFlow": lambda own: {"flowId": own("-history")},
    "exportFlow": lambda own: {
        "flowId": own("-bound"),
        "destination": {"workspaceId": own("")},
        "mappings": [{"fromId": own("-mail"), "toId": own("-mail")}],
    },
    "createFlow": lambda own: {"workspaceId": own(""), "name": "Made", "graph": {"nodes": [], "edges": []}},
    "updateFlowDraft": lambda own: {"flowId": own("-bound")},
    "publishFlowDraft": lambda own: {"flowId": own("-history")},
    "revertFlow": lambda own: {"flowId": own("-history"), "versionId": own("-history/1")},
    "discardFlowDraft": lambda own: {"flowId": own("-history")},
    "undoExport": lambda own: {"exportId": own("-bound to kitchen-history")},
    "startFlow": lambda own: {"flowId": own("-history")},
    "stopFlow": lambda own: {"flowId": own("-history")},
    "publishFlowDrafts": lambda own: {"items": [{"flowId": own("-history"), "expectedRevision": 1}]},
    "undoExports": lambda own: {"exportIds": [own("-bound to kitchen-history")]},
    "startFlows": lambda own: {"flowIds": [own("-history")]},
    "stopFlows": lambda own: {"flowIds": [own("-history")]},
    "deleteFlow": lambda own: {"flowId": own("-history")},
    "requestRelease": lambda own: {"title": "Spring", "items": [{"flowId": own("-history"), "expectedRevision": 1}]},
    "reviewRelease": lambda own: {"releaseId": own("-release"), "decision": "REJECT"},
    "withdrawRelease": lambda own: {"releaseId": own("-release")},
    "undoRelease": lambda own: {"releaseId": own("-release")},
    "restoreFlowDraft": lambda own: {"draftId": own("-stashed/draft")},
}
INPUTS["exportPlan"] = INPUTS["exportFlow"]
INPUTS["exportFlows"] = INPUTS["exportPlans"] = lambda own: {
    "items": [INPUTS["exportFlow"](own), {**INPUTS["exportFlow"](own), "mappings": []}],
    "mappings": INPUTS["exportFlow"](own)["mappings"],
}
INPUTS["applyWorld"] = INPUTS["worldPlan"] = lambda own: {
    "document": {"format": "flowport-world/1", "workspaces": [{"id": own(""), "name": "Mine"}]}
}
"""For each mutation and plan an input that is in order, of things at the caller's home."""


def share_of(user: str, cases: Sequence[Case]) -> Sequence[Case]:
    """The cases that a caller tries: all in CI, otherwise every fifth, others than the next caller's."""
    return cases[CALLERS.index(user) % EVERY :: EVERY] or cases[:1]


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who asks, and the ids that there are for it to ask with."""

    sight: Sight
    ids: Mapping[str, str]

    def own(self, suffix: str) -> str:
        """The id of something at home."""
        return self.ids[HOMES[self.sight.user] + suffix]

    def base(self, place: Place) -> Arguments:
        """What the field of a place needs, all of it in order."""
        if takes_input(place.owner, place.field):
            assert place.field in INPUTS, f"{place.field} is new: say in INPUTS what it can be called with"
            return {"input": INPUTS[place.field](self.own)}
        if place.field == "compareFlows":
            return {end: {"flowId": self.own("-history")} for end in ("from", "to")}
        field = fields_of(place.owner)[place.field]
        usual = {name: self.usual(name, place.field) for name in ids_needed(field)}
        # Only a flow with topics makes a difference between them.
        return usual | ({"flowId": self.own("-bound")} if place.path[-1] == "fromTopicId" else {})

    def usual(self, argument: str, field: str) -> Any:
        """What an argument is when it isn't the one that is tried."""
        if (kind := kind_of_argument(argument, field)) is Kind.TENANT:
            return self.ids["north"]
        suffixes = {Kind.FLOW: "-history", Kind.WORKSPACE: "", Kind.VERSION: "-history/1"}
        return self.own(suffixes[kind])


def takes_input(owner: str, field: str) -> bool:
    """Mutations do, and the plans of them."""
    return "input" in fields_of(owner)[field].args


def ids_needed(field: GraphQLField) -> list[str]:
    """The arguments that a field can't be asked for without: all of them take ids."""
    needed = {name: argument for name, argument in field.args.items() if is_required_argument(argument)}
    assert all(str(argument.type) in {"ID!", "[ID!]!"} for argument in needed.values()), needed
    return list(needed)


def document_for(owner: str, name: str, asked: Sequence[Arguments], depth: int) -> tuple[str, Arguments]:
    """One document that asks a field of a type once for each of the arguments; with its variables.

    What is no root is asked of the node whose id is the variable `below`.
    """
    everything, field = Everything(), fields_of(owner)[name]
    output = get_named_type(field.type)
    selection = f"{{ {everything.of(output.name, depth)} }}" if hasattr(output, "fields") else ""
    declared: list[str] = []
    fields: list[str] = []
    variables: Arguments = {}
    for index, arguments in enumerate(asked):
        given = {argument: f"{argument}_{index}" for argument in arguments}
        declared += [f"${variable}: {field.args[argument].type}" for argument, variable in given.items()]
        inner = ", ".join(f"{argument}: ${variable}" for argument, variable in given.items())
        fields.append(f"at_{index}: {name}{f'({inner})' if inner else ''} {selection}")
        variables |= {given[argument]: value for argument, value in arguments.items()}
    body = " ".join(fields)
    if owner not in {"Query", "Mutation"}:
        declared.append("$below: ID!")
        body = f"node(id: $below) {{ ... on {owner} {{ {body} }} }}"
    declaration = f"({', '.join(declared)})" if declared else ""
    operation = "mutation" if owner == "Mutation" else "query"
    return everything.document(f"{operation}{declaration} {{ {body} }}"), variables
