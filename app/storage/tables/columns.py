"""The kinds of columns that tables are made of, and how constraints are named.

Ids and sort keys compare by code point, whatever the locale of the database.
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, Text, func
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def exact_text(*, nullable: bool = False, default: str | None = None, **options: Any) -> Any:
    """A text that compares by code point: a name as `domain.input.name_key` folds it, or an id, also of a row that may be gone."""
    kwargs = {"server_default": default}
    return Field(sa_type=Text(collation="C"), nullable=nullable, sa_column_kwargs=kwargs, **options)


def key() -> Any:
    """A primary key, or a part of one: often an id with its prefix, stored as it is shown."""
    return exact_text(primary_key=True)


def reference(target: str, *, nullable: bool = False, on_delete: str | None = None, **options: Any) -> Any:
    """The id of a row elsewhere."""
    foreign_key: Any = {"foreign_key": target, "ondelete": on_delete}
    return exact_text(nullable=nullable, **foreign_key, **options)


def text(*, nullable: bool = False, default: str | None = None) -> Any:
    return Field(sa_type=Text, nullable=nullable, sa_column_kwargs={"server_default": default})


def time(*, nullable: bool = False, default: Any = None) -> Any:
    return Field(sa_type=DateTime(timezone=True), nullable=nullable, sa_column_kwargs={"server_default": default})


class DatabaseTable(SQLModel):
    """The base of all tables, which are named like their classes: `flow_draft` for `FlowDraftTable`."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805 - of the class
        return "_".join(re.findall("[A-Z][a-z]+", cls.__name__.removesuffix("Table"))).lower()


class Provisioned(DatabaseTable):
    """The times of rows that provisioning writes, those of the transaction: of creation, and of the last change."""

    created_at: datetime = time(default=func.now())
    updated_at: datetime = time(default=func.now())


class IdColumn(DatabaseTable):
    id: str = key()


class NamedColumns(IdColumn):
    name: str = text()
    name_key: str = exact_text()


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """Holds a text column to the values of an enumeration."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
