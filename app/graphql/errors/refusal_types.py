"""The types of all refusals and warnings, each with the interfaces of the mutations that may answer it."""

from typing import Any

from app.domain.errors import ErrorCode
from app.graphql.describe import describe_values
from app.graphql.errors import exports, refusals
from app.graphql.outcomes import INTERFACES, Error, ExportFlowWarning


def types_of_refusals() -> list[Any]:
    """The types by which refusals are answered. Raises TypeError where a member of a union of the domain has none."""
    declared: list[Any] = [
        each
        for module in (refusals, exports)
        for each in vars(module).values()
        if getattr(each, "__module__", "") == module.__name__
    ]
    types = {each.rows: each for each in declared if hasattr(each, "rows")}
    missing = [refusal.__name__ for refusal in INTERFACES if refusal not in types]
    if missing:
        raise TypeError(f"No type shows {', '.join(missing)}.")
    for refusal, type_ in types.items():
        interfaces: Any = dict.fromkeys((*INTERFACES.get(refusal, ()), *type_.__bases__))
        in_order = sorted(interfaces, key=lambda each: (each is ExportFlowWarning, each is Error))
        type_.__strawberry_definition__.interfaces = [each.__strawberry_definition__ for each in in_order]
    by_code = {refusal.code: type_ for refusal, type_ in types.items() if issubclass(type_, Error)}
    describe_values(ErrorCode, {code: type_.__strawberry_definition__.description for code, type_ in by_code.items()})
    return list(dict.fromkeys((*(by_code[code] for code in ErrorCode), *types.values())))
