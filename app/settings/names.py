"""How a setting is called in the environment."""

PREFIX = "FLOWPORT_"


def variable(name: str) -> str:
    return f"{PREFIX}{name}".upper()
