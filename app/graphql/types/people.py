"""Users and contracts."""

from typing import Self

import strawberry

from app.domain.model import ContractStatus
from app.graphql.describe import about
from app.graphql.types.node import Node
from app.storage.reads.rows import ContractView, UserView


@strawberry.type(description="Somebody with an account.")
class User(Node):
    first_name: str = about("The first name.")
    last_name: str = about("The last name.")
    email: str = about("The e-mail address, which is unique.")

    @classmethod
    def of(cls, view: UserView) -> Self:
        return cls(id=strawberry.ID(view.id), first_name=view.first_name, last_name=view.last_name, email=view.email)


@strawberry.type(description="A contract: it owns workspaces and developer teams.")
class Contract(Node):
    name: str = about("The name of the contract.")
    status: ContractStatus = about("Whether the contract is in use. A suspended one refuses every write.")

    @classmethod
    def of(cls, view: ContractView) -> Self:
        return cls(id=strawberry.ID(view.id), name=view.name, status=ContractStatus(view.status))
