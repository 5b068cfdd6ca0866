"""Answers of the server: a class for each type of the schema, with the fields that `operations.graphql` selects.

A field that only some operations select has a default.
"""

from typing import Generic, TypeVar

from pydantic import AliasPath, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class ApiType(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


Node = TypeVar("Node")


class PageInfo(ApiType):
    has_next_page: bool = False
    end_cursor: str | None = None


class NodeList(ApiType, Generic[Node]):
    nodes: tuple[Node, ...] = ()
    page_info: PageInfo = PageInfo()


class Ref(ApiType):
    id: str


class Named(Ref):
    name: str


class Resource(Named):
    """A credential, secret, agent or topic. Agents and topics have no component."""

    component: Ref | None = None


class Provenance(Ref):
    """The copy or export whose content a draft or version has unchanged."""

    source_flow: Ref | None
    source_version: Ref | None


class Error(ApiType):
    """A refusal, a warning or a blocker."""

    code: str = ""
    message: str
    path: tuple[str, ...] = ()


class DraftReadiness(ApiType):
    ready: bool
    blockers: tuple[Error, ...] = ()


class FlowVersion(Ref):
    published_at: str = ""
    provenance: Provenance | None = None


class ReleaseRequest(Ref):
    title: str = ""
    state: str = ""
    is_current: bool = False
    closed_at: str | None = None


class FlowDraft(ApiType):
    revision: int
    readiness: DraftReadiness | None = None
    provenance: Provenance | None = None
    release_request: ReleaseRequest | None = None


class Flow(Named):
    workspace: Named | None = None
    status: str = ""
    published_version: FlowVersion | None = None
    draft: FlowDraft | None = None
    history: NodeList[FlowVersion] = NodeList()


class FlowExport(Ref):
    created_at: str = ""
    undone_at: str | None = None
    drift: str | None = None
    source_flow: Flow | None = None
    destination_flow: Flow | None = None
    destination_version: FlowVersion | None = None


class SourceFlow(Named):
    """A published flow that may be released."""

    published_version: FlowVersion
    copies: NodeList[FlowExport]


class Workspace(Named):
    viewer_is_member: bool = True
    publish_policy: str = ""
    viewer_can_publish: bool = False
    flows: NodeList[SourceFlow] = NodeList()
    credentials: NodeList[Resource] = NodeList()
    secrets: NodeList[Resource] = NodeList()
    agents: NodeList[Resource] = NodeList()
    topics: NodeList[Resource] = NodeList()
    exports: NodeList[FlowExport] = NodeList()
    release_requests: NodeList[ReleaseRequest] = NodeList()


class GraphDiff(ApiType):
    added_steps: tuple[str, ...]
    removed_steps: tuple[str, ...]
    changed_steps: tuple[Ref, ...]


class ExportPlan(ApiType):
    warnings: tuple[Error, ...]
    blockers: tuple[Error, ...]
    readiness: DraftReadiness | None
    changes: GraphDiff | None

    @property
    def reasons_against(self) -> list[Error]:
        """Why the flow can't be exported, or its draft not be published then."""
        blockers = [error for error in self.blockers if error.code != "BATCH_NOT_APPLIED"]
        return [*blockers, *(self.readiness.blockers if self.readiness else ())]


class Result(ApiType):
    """The result of an item of a mutation."""

    errors: tuple[Error, ...]
    flow: Flow | None = None
    draft: FlowDraft | None = None
    export_record: FlowExport | None = None


class AnyPayload(Result):
    """The payload of a mutation, of one flow or many, or of `exportPlans`."""

    results: tuple[Result, ...] = ()
    request: ReleaseRequest | None = None
    plans: tuple[ExportPlan, ...] = ()


class Data(ApiType):
    """The root fields of an operation, under the names that it gives them."""

    source: Workspace | None = None
    destination: Workspace | None = None
    workspace: Workspace | None = None
    sources: NodeList[Named] = NodeList()
    destinations: NodeList[Named] = NodeList()
    payload: AnyPayload | None = None


class ServerError(ApiType):
    """The reason why a request, or a field of its answer, failed."""

    message: str
    code: str = Field(default="", validation_alias=AliasPath("extensions", "code"))


class ServerAnswer(ApiType):
    data: Data | None = None
    errors: tuple[ServerError, ...] = ()
