"""The members of uvicorn that our graceful shutdown rests on, though it doesn't promise them.

Where this fails after an upgrade, look at `app/server/workers.py` with the new uvicorn beside it, and widen its
bounds in `pyproject.toml` last.
"""

from importlib.metadata import version
from inspect import iscoroutinefunction, signature

import pytest
import uvicorn

METHODS = {
    uvicorn.Server: {
        "handle_exit": ["sig", "frame"],
        "on_tick": ["counter"],
        "shutdown": ["sockets"],
        "run": ["sockets"],
    },
}
ATTRIBUTES: dict[type, set[str]] = {uvicorn.Server: {"config", "lifespan", "server_state", "servers", "started"}}


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [(owner, name, parameters) for owner, methods in METHODS.items() for name, parameters in methods.items()],
)
def test_a_method_that_we_override_or_call_is_there(owner: type, name: str, parameters: list[str]) -> None:
    method = getattr(owner, name, None)
    found = None if method is None else [*signature(method).parameters][1:]
    assert found == parameters, f"uvicorn {version('uvicorn')} has {owner.__name__}.{name}({found}), not ({parameters})"


@pytest.mark.parametrize("owner", ATTRIBUTES)
def test_the_attributes_that_we_read_and_set_are_there(owner: type) -> None:
    named = {
        name for method in vars(owner).values() if hasattr(method, "__code__") for name in method.__code__.co_names
    }
    missing = ATTRIBUTES[owner] - named
    assert not missing, f"uvicorn {version('uvicorn')} has no {sorted(missing)} in {owner.__name__}"


def test_the_server_waits_for_its_ticks_and_its_shutdown() -> None:
    assert iscoroutinefunction(uvicorn.Server.on_tick)
    assert iscoroutinefunction(uvicorn.Server.shutdown)
