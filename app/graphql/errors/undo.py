"""Refusals that only undoing knows."""

import strawberry

from app.domain import undo
from app.execution.rows import shows
from app.graphql.describe import about
from app.graphql.errors.interfaces import Error


@shows(undo.ExportNotFound, "There is no such record, or you can't see where the flow went: the answer is the same.")
class ExportNotFound(Error):
    export_id: strawberry.ID = about("The id that was given.")


@shows(undo.CannotUndo, "Somebody has built on the result, or what was there before is no longer kept.")
class CannotUndo(Error):
    since: undo.ChangeSinceExport = about("What was done first since.")
