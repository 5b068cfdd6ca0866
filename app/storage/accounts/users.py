"""Users as those who call: found by what somebody else says of them, such as the issuer of a JWT.

A deactivated user is answered like one that doesn't exist (W8), and so is a user that is deactivated in its own tenant
and has no access to another one (W9).
"""

from sqlalchemy import and_, bindparam, exists, or_, select

from app.domain.input import email_key
from app.domain.model import UserId
from app.storage.connections.connection import ReadConnection
from app.storage.tables import CONTRACT_ACCESS, TENANT_MEMBER, USER

_PROVISIONS_ANOTHER = and_(TENANT_MEMBER.c.user_id == USER.c.id, TENANT_MEMBER.c.tenant_id != USER.c.tenant_id)
# A user that is deactivated in its tenant sees no contract of that.
_ACTS_ELSEWHERE = or_(exists().where(CONTRACT_ACCESS.c.user_id == USER.c.id), exists().where(_PROVISIONS_ANOTHER))
IS_ADMITTED = and_(USER.c.active, or_(USER.c.active_at_home, _ACTS_ELSEWHERE))
"""Whether tokens and JWTs of a user are accepted."""
_BY_EMAIL = select(USER.c.id, USER.c.email).where(USER.c.email_key == bindparam("key"), IS_ADMITTED)
_BY_ID = select(USER.c.id).where(USER.c.id == bindparam("id"), IS_ADMITTED)


async def find_user_by_email(connection: ReadConnection, email: str) -> UserId | None:
    """The user whose address this is, in whatever case; None if there is none. One statement."""
    if not email.isprintable():
        return None
    row = await connection.row(_BY_EMAIL, {"key": email_key(email)})
    return UserId(row.id) if row is not None and differ_in_case_alone(email, row.email) else None


async def find_user_by_id(connection: ReadConnection, user: str) -> UserId | None:
    """This user, if there is one. One statement."""
    if not (user.isascii() and user.isprintable()):
        return None
    found = await connection.value(_BY_ID, {"id": user})
    return None if found is None else UserId(found)


def differ_in_case_alone(email: str, other: str) -> bool:
    """Whether two addresses with the same key differ at most in upper and lower case.

    Folding also equates the Kelvin sign with k, and ß with ss. A mailbox with such a letter belongs to another person,
    whom the issuer may have verified too.
    """
    return len(email) == len(other) and all(a.isascii() == b.isascii() for a, b in zip(email, other, strict=True))
