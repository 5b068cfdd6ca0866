"""The joins of list elements to the rows that they refer to.

A viewer of a flow sees its draft, its versions and their authors (A4).
"""

from sqlalchemy import select

from app.storage.facts.visibility import VIEWER
from app.storage.pages.related import Join, Related
from app.storage.reads.rows import ContractView, DraftView, UserView, VersionView, columns
from app.storage.tables import CONTRACT, CONTRACT_ACCESS, FLOW_DRAFT, FLOW_VERSION, USER


def _user_by(key: str) -> Join:
    return Join(key, USER.c.id, select(*columns(USER, UserView)), UserView)


JOINS = {
    Related.CONTRACT: Join(
        "contract_id",
        CONTRACT.c.id,
        select(*columns(CONTRACT, ContractView))
        .join_from(CONTRACT, CONTRACT_ACCESS, CONTRACT_ACCESS.c.contract_id == CONTRACT.c.id)
        .where(CONTRACT_ACCESS.c.user_id == VIEWER),
        ContractView,
    ),
    Related.CREATED_BY: _user_by("created_by"),
    Related.DRAFT: Join(
        "id",
        FLOW_DRAFT.c.flow_id,
        select(*columns(FLOW_DRAFT, DraftView)).where(FLOW_DRAFT.c.set_aside_at.is_(None)),
        DraftView,
    ),
    Related.PUBLISHED_VERSION: Join(
        "published_version_id", FLOW_VERSION.c.id, select(*columns(FLOW_VERSION, VersionView)), VersionView
    ),
    Related.PUBLISHED_BY: _user_by("published_by"),
    Related.AUTHOR: _user_by("author_id"),
}
