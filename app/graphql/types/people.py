"""Users and contracts."""

from app.domain.model import ContractStatus
from app.execution.rows import shows
from app.graphql.describe import about
from app.graphql.types.node import Node
from app.storage.reads.rows import ContractView, UserView


@shows(UserView, "Somebody with an account.")
class User(Node):
    first_name: str = about("The first name.")
    last_name: str = about("The last name.")
    email: str = about("The e-mail address, which is unique.")


@shows(ContractView, "A contract: it owns workspaces and developer teams.")
class Contract(Node):
    name: str = about("The name of the contract.")
    status: ContractStatus = about("Whether the contract is in use. A suspended one refuses every write.")
