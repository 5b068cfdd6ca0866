"""Users and contracts."""

import strawberry

from app.domain.model import ContractStatus
from app.graphql.describe import about
from app.graphql.types.node import Node
from app.storage.reads.rows import ContractView, UserView


@strawberry.type(description="Somebody with an account.")
class User(Node, row=UserView):
    first_name: str = about("The first name.")
    last_name: str = about("The last name.")
    email: str = about("The e-mail address, which is unique.")


@strawberry.type(description="A contract: it owns workspaces and developer teams.")
class Contract(Node, row=ContractView):
    name: str = about("The name of the contract.")
    status: ContractStatus = about("Whether the contract is in use. A suspended one refuses every write.")
