"""The members of workspaces, with the names of their roles (N6)."""

from sqlalchemy import Text, any_, bindparam, or_, select

from app.storage.connections.connection import RowViews, views_of
from app.storage.facts.visibility import is_member
from app.storage.pages.paging import ListBelow, Order, matching
from app.storage.reads.rows import MemberView, UserView, columns
from app.storage.tables import ROLE, USER, WORKSPACE_ACCESS

_USER, _ROLE = views_of(UserView), len(UserView._fields)
MEMBERS = ListBelow(
    select(*columns(USER, UserView), ROLE.c.name.label("role"))
    .select_from(WORKSPACE_ACCESS.join(USER, USER.c.id == WORKSPACE_ACCESS.c.user_id))
    .join(ROLE, ROLE.c.id == WORKSPACE_ACCESS.c.role_id)
    .where(USER.c.active),
    WORKSPACE_ACCESS.c.workspace_id,
    Order((USER.c.last_name_key, USER.c.first_name_key, USER.c.id)),
    RowViews(lambda row: MemberView(_USER.make(row), row[_ROLE]), {"user": _USER.layout, "role": _ROLE}),
    only=is_member,
)
"""The members of a workspace by last name and first name, but for those who are deactivated (W8).

A page sorts all members of its workspace: an index in that order would need the names of users in each membership.
"""
HOLDING = bindparam("holding", type_=Text)


def members_named(search: str | None, holding: str | None) -> ListBelow[MemberView]:
    """The members whose name, in either order of its parts, holds a text, and whose role has a permission."""
    last, first = USER.c.last_name_key, USER.c.first_name_key
    named = [*matching(last + " " + first, search), *matching(first + " " + last, search)]
    listed = MEMBERS.where(or_(*named)) if named else MEMBERS
    return listed if holding is None else listed.where(any_(ROLE.c.permissions) == HOLDING)
