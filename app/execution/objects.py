"""Objects of an answer while it is made: where each one stands, and what becomes null when something in it can't be told."""

from collections.abc import Sequence
from typing import Any

from app.execution.plan import FieldPlan, Selection


class Objects:
    """Objects of one type that stand below one field, of however many parents."""

    __slots__ = (
        "above",
        "answers",
        "field",
        "indexes",
        "keys",
        "nulled",
        "nulled_fields",
        "owners",
        "selection",
        "sources",
    )

    def __init__(self, selection: Selection, above: "Objects | None" = None, field: FieldPlan | None = None) -> None:
        self.selection = selection
        self.sources: list[Any] = []
        """What each object is made of."""
        self.answers: list[dict[str, Any]] = []
        """Each object as it is answered."""
        self.above = above
        self.field = field
        self.owners: list[int] = []
        """The position of the object above that each one belongs to."""
        self.indexes: list[int | None] = []
        """Where each one stands in the list that its field is, if that is one."""
        self.keys: dict[object, list[Any]] = {}
        """By the key of a relation: which thing each object refers to, found once for all aliases of the field."""
        self.nulled: set[int] = set()
        self.nulled_fields: set[tuple[int, str]] = set()

    def add(self, source: object, owner: int, index: int | None) -> dict[str, Any]:
        """Begin an object: its answer, of nulls still."""
        answer = self.selection.nulls.copy()
        self.sources.append(source)
        self.owners.append(owner)
        self.indexes.append(index)
        self.answers.append(answer)
        return answer

    def add_all(self, sources: Sequence[Any]) -> list[dict[str, Any]]:
        """Begin an object for each of those above, which is the only one of its field."""
        answers = [self.selection.nulls.copy() for _ in sources]
        self.sources.extend(sources)
        self.owners.extend(range(len(answers)))
        self.indexes.extend([None] * len(answers))
        self.answers.extend(answers)
        return answers

    def add_elements(self, sources: Sequence[Any], owner: int) -> list[dict[str, Any]]:
        """Begin all elements of a list."""
        answers = [self.selection.nulls.copy() for _ in sources]
        self.sources.extend(sources)
        self.owners.extend([owner] * len(answers))
        self.indexes.extend(range(len(answers)))
        self.answers.extend(answers)
        return answers

    def path(self, position: int) -> list[str | int]:
        """Where an object stands in the answer."""
        if self.above is None or self.field is None:
            return []
        index = self.indexes[position]
        path = [*self.above.path(self.owners[position]), self.field.name]
        return path if index is None else [*path, index]

    def is_null(self, position: int, field: FieldPlan) -> bool:
        """Whether a field of an object has become null, or the object has, or one that it is part of."""
        if position in self.nulled or (position, field.name) in self.nulled_fields:
            return True
        return (
            self.above is not None and self.field is not None and self.above.is_null(self.owners[position], self.field)
        )

    def null(self, position: int, field: FieldPlan, index: int | None = None) -> None:
        """Make a field of an object null, or an element of it; where that may not be, what it is part of."""
        shape, answer = field.shape, self.answers[position]
        if index is not None and not shape.element_is_required:
            if answer[field.name] is not None:
                answer[field.name][index] = None
            return
        self.nulled_fields.add((position, field.name))
        answer[field.name] = None
        if shape.is_required:
            self.nulled.add(position)
            if self.above is not None and self.field is not None:
                self.above.null(self.owners[position], self.field, self.indexes[position])
