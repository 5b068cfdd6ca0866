"""The server that the commands `flowport release` and `flowport status` call, and as whom."""

from typing import Annotated

from pydantic import Field, StringConstraints
from pydantic_settings import BaseSettings


class ClientSettings(BaseSettings):
    server: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]")] = Field(
        default="http://127.0.0.1:8000", description="address of the server that `flowport release` and `status` call"
    )
    token: Annotated[str, StringConstraints(pattern=r"^[!-~]+$")] | None = Field(
        default=None,
        repr=False,
        description="API token or JWT that `flowport release` and `status` send",
    )
