"""What the API answers, written out: every refusal and warning with all its fields and words.

The names in the world of trade are the keys with a capital letter.
"""

from typing import Any

from tests.api.client import Api, Json

EDIT = "workspaces.flow.edit"


def shown(text: str) -> str:
    """An odd id in a sentence: cut, and without what isn't printable."""
    cut = text if len(text) <= 80 else text[:80] + "…"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in cut) or '""'


def named(key: str, name: str | None = None) -> str:
    return name or key.capitalize()


class SomeMessage:
    """Equal to every message: which one fits the case, `tests/domain/test_messages.py` holds."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other.endswith(".")

    def __hash__(self) -> int:
        return 0


def flow_not_found(flow_id: str) -> Json:
    message = f"There is no flow {shown(flow_id)} that you can see. Check the id, or ask for access."
    return _refusal("FlowNotFound", "FLOW_NOT_FOUND", message, flowId=flow_id)


def workspace_not_found(workspace_id: str) -> Json:
    message = f"There is no workspace {shown(workspace_id)} that you can see. Check the id, or ask for access."
    return _refusal("WorkspaceNotFound", "WORKSPACE_NOT_FOUND", message, workspaceId=workspace_id)


def version_not_found(flow: str, version_id: str | None) -> Json:
    message = f"The flow {named(flow)} was never published. Publish it first, or take its draft."
    said = message if version_id is None else SomeMessage()
    return _refusal("VersionNotFound", "VERSION_NOT_FOUND", said, versionId=version_id)


def draft_not_found(flow: str) -> Json:
    message = f"The flow {named(flow)} has no draft. Take its published version, or edit the flow first."
    return _refusal("DraftNotFound", "DRAFT_NOT_FOUND", message, draftId=None)


def insufficient_permission(api: Api, workspace: str) -> Json:
    message = (
        f"You lack the permission {EDIT} in {named(workspace)}. "
        "Ask its admins for a role that has it, such as Integrator."
    )
    return _refusal(
        "InsufficientPermission",
        "INSUFFICIENT_PERMISSION",
        message,
        permission=EDIT,
        workspace={"id": api.id(workspace)},
    )


def contract_suspended(api: Api, contract: str, workspace: str, *, chosen: bool = True) -> Json:
    advice = "Choose a workspace of another contract, or have" if chosen else "Have"
    message = (
        f"The contract {named(contract)} is suspended, so nothing can be changed or started in its workspace "
        f"{named(workspace)}. {advice} the contract reactivated."
    )
    return _refusal("ContractSuspended", "CONTRACT_SUSPENDED", message, contract={"id": api.id(contract)})


def inaccessible(api: Api, name: str, component: str | None, reason: str, *step_ids: str) -> Json:
    found = None if component is None else {"id": api.id(component)}
    return {"name": name, "component": found, "stepIds": list(step_ids), "reason": reason}


def component_not_accessible(api: Api, workspace: str, *components: Json) -> Json:
    return _refusal(
        "ComponentNotAccessible",
        "COMPONENT_NOT_ACCESSIBLE",
        SomeMessage(),
        workspace={"id": api.id(workspace)},
        components=list(components),
    )


def multiple_topics_not_copied(api: Api, **topics: str) -> Json:
    """The refusal; the topics are given by key and name."""
    message = (
        f"The flow uses several topics ({', '.join(topics.values())}), which one topic can't replace. "
        "Map each of them instead, or export it without a topic and choose the topics in the draft."
    )
    ids = [{"id": api.id(key.replace("_", "-"))} for key in topics]
    return _refusal("MultipleTopicsNotCopied", "MULTIPLE_TOPICS_NOT_COPIED", message, topics=ids)


def topics_were_not_copied(api: Api, **topics: str) -> Json:
    """The warning."""
    listed = ", ".join(topics.values())
    return {
        "__typename": "MultipleTopicsNotCopied",
        "message": f"The topics {listed} of the flow were not copied. Choose topics of the destination in the draft.",
        "code": "MULTIPLE_TOPICS_NOT_COPIED",
        "topics": [{"id": api.id(key.replace("_", "-"))} for key in topics],
    }


def agent_not_copied(api: Api, agent: str, workspace: str, *step_ids: str) -> Json:
    steps, runs = ("step", "runs") if len(step_ids) == 1 else ("steps", "run")
    return {
        "__typename": "AgentNotCopied",
        "message": f"The {steps} {', '.join(step_ids)} of the source {runs} on the agent {named(agent)}, which "
        f"{named(workspace)} can't use. Choose an agent in the draft, or nothing takes its place.",
        "agent": {"id": api.id(agent)},
        "stepIds": list(step_ids),
    }


def topic_schema_mismatch(api: Api, old: tuple[str, str], new: tuple[str, str], *missing: str) -> Json:
    return {
        "__typename": "TopicSchemaMismatch",
        "message": f"With the destination's topic {new[1]} instead of the source's {old[1]}, {len(missing)} "
        f"{'property is' if len(missing) == 1 else 'properties are'} missing: {', '.join(missing)}. "
        "Check the mappings of the steps that use it.",
        "from": {"id": api.id(old[0])},
        "to": {"id": api.id(new[0])},
        "missingProperties": list(missing),
    }


def topic_not_accessible(api: Api, workspace: str, topic_id: str, step: str | None = None) -> Json:
    where = {"id": api.id(workspace)}
    return _refusal(
        "TopicNotAccessible", "TOPIC_NOT_ACCESSIBLE", SomeMessage(), stepId=step, topicId=topic_id, workspace=where
    )


def flow_has_no_topic(flow: str) -> Json:
    message = f"The flow {named(flow)} has no pub/sub step, so it can't take a topic. Leave the topic out."
    return _refusal("FlowHasNoTopic", "FLOW_HAS_NO_TOPIC", message)


def credential_not_accessible(api: Api, workspace: str, kind: str, reference_id: str, step: str) -> Json:
    return _refusal(
        "CredentialNotAccessible",
        "CREDENTIAL_NOT_ACCESSIBLE",
        SomeMessage(),
        kind=kind,
        stepId=step,
        referenceId=reference_id,
        workspace={"id": api.id(workspace)},
    )


def draft_already_exists(api: Api, flow: str, name: str) -> Json:
    draft_id = api.id(f"{flow}/draft")
    message = f"The flow {name} already has a draft. Publish or discard it first, or let it be set aside."
    return _refusal("DraftAlreadyExists", "DRAFT_ALREADY_EXISTS", message, draft={"id": draft_id})


def cannot_override_itself(flow: str) -> Json:
    message = f"The flow {named(flow)} can't override itself. Choose another flow, or copy it."
    return _refusal("CannotOverrideItself", "CANNOT_OVERRIDE_ITSELF", message)


def quota_exceeded(contract: str, limit: int, used: int, *, can_override: bool = False) -> Json:
    remedy = "Override an existing flow, remove one" if can_override else "Remove a flow"
    message = (
        f"The contract {named(contract)} may hold {limit} flow{'' if limit == 1 else 's'} in its production workspaces and holds {used}. "
        f"{remedy}, or have the quota raised."
    )
    return _refusal("QuotaExceeded", "QUOTA_EXCEEDED", message, limit=limit, used=used)


def invalid_input(message: str, *path: str) -> Json:
    return _refusal("InvalidInput", "INVALID_INPUT", message, path=list(path))


NO_CONTROL_CHARACTERS = "The name of a flow can't hold control characters such as line breaks."


def _refusal(typename: str, code: str, message: str | SomeMessage, **fields: Any) -> Json:
    return {"__typename": typename, "message": message, "code": code, **fields}
