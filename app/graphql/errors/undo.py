"""Refusals that only undoing knows."""

from typing import Self

import strawberry

from app.domain import undo
from app.graphql.describe import about
from app.graphql.errors.interfaces import UndoExportError, told


@strawberry.type(description="There is no such record, or you can't see where the flow went: the answer is the same.")
class ExportNotFound(UndoExportError):
    export_id: strawberry.ID = about("The id that was given.")

    @classmethod
    def of(cls, refusal: undo.ExportNotFound) -> Self:
        return cls(**told(refusal), export_id=strawberry.ID(refusal.export_id))


@strawberry.type(description="Somebody has built on the result, or what was there before is no longer kept.")
class CannotUndo(UndoExportError):
    since: undo.ChangeSinceExport = about("What was done first since.")

    @classmethod
    def of(cls, refusal: undo.CannotUndo) -> Self:
        return cls(**told(refusal), since=refusal.since)
