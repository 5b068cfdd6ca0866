"""Refusals that only starting, stopping and deleting flows know."""

from app.domain import running
from app.execution.rows import shows
from app.graphql.errors.interfaces import Error, StartFlowError


@shows(running.FlowIsActive, "The flow runs: stop it first.")
class FlowIsActive(Error):
    pass


@shows(running.FlowIsSuspended, "The platform suspended the flow; only the platform lifts that.")
class FlowIsSuspended(StartFlowError):
    pass


@shows(running.FlowNotPublished, "The flow has no published version that could be started.")
class FlowNotPublished(Error):
    pass
