"""Which component a command of a world file means (C0), and what the steps of its flows may be bound to."""

from collections.abc import Iterable

from app.domain.component import Catalogue, ComponentName
from app.domain.component import Component as DomainComponent
from app.domain.model import ComponentId, ContractId, TenantId
from app.storage.world.consistency import tenant_of
from app.storage.world.entities import Component, Contract, Team
from app.storage.world.keys import Keys


class Components:
    """The components of the file, and the `GLOBAL` ones that the database has already."""

    def __init__(self, keys: Keys, known: Iterable[DomainComponent]) -> None:
        of_file = tuple(_of_file(keys))
        self._catalogue = Catalogue((*known, *of_file))
        self._ids = frozenset(component.id for component in of_file)
        self._resolved: dict[tuple[str, str], DomainComponent | None] = {}

    def resolve(self, command: str, tenant_id: str) -> DomainComponent | None:
        """What a command means in a tenant. A world has few commands, which its many steps repeat."""
        place = (command, tenant_id)
        if place not in self._resolved:
            self._resolved[place] = self._catalogue.resolve(command, TenantId(tenant_id))
        return self._resolved[place]

    def is_known(self, component_id: str) -> bool:
        """Whether a component of the file is one that commands can mean; not so while its team or contract is wrong."""
        return component_id in self._ids

    def topic_field(self, command: str, tenant_id: str) -> str | None:
        component = self.resolve(command, tenant_id)
        return component.topic_field if component is not None and component.pub_sub else None


def _of_file(keys: Keys) -> Iterable[DomainComponent]:
    for _, _, component in keys.all(Component):
        team = keys.get(Team, component.team)
        contract = None if team is None else keys.get(Contract, team.contract)
        if team is None or contract is None or tenant_of(keys, contract.key) is None:
            continue
        yield DomainComponent(
            id=ComponentId(keys.id(component.key)),
            name=ComponentName(team.name, component.name),
            access=component.access,
            contract_id=ContractId(keys.id(team.contract)),
            tenant_id=TenantId(keys.id(contract.tenant)),
            pub_sub=component.pub_sub,
            topic_field=component.topic_field,
        )
