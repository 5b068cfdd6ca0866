"""How much each process does at once, and how long what it can't do yet may wait."""

from pydantic import Field
from pydantic_settings import BaseSettings


class LoadSettings(BaseSettings):
    max_running_requests: int | None = Field(
        default=None,
        ge=2,
        le=10_000,
        description="most requests that a process executes at once, at most half of them (rounded up) of one caller; "
        "others are queued; unset, 8 for every 5 database connections",
    )
    max_running_costly: int = Field(
        default=3,
        ge=1,
        le=1_000,
        description="most operations with a cost of 1,000 or more that a process executes at once, at most half of them "
        "(rounded up) of one caller",
    )
    max_waiting_requests: int = Field(
        default=1_000,
        ge=1,
        le=100_000,
        description="most requests that are queued in a process; above, those of the caller with most of them "
        "are refused with 503",
    )
    max_untaken_bytes: int = Field(
        default=67_108_864,
        ge=1_048_576,
        description="most bytes of answers that one caller hasn't taken yet; above, its requests are refused with 503",
    )
    max_untaken_bytes_in_all: int = Field(
        default=268_435_456,
        ge=1_048_576,
        description="most bytes of answers of a process that haven't been taken yet; above, the oldest answer of the "
        "caller with most of them is cut off",
    )
    max_wait_seconds: float = Field(
        default=2,
        gt=0,
        le=3600,
        allow_inf_nan=False,
        description="longest time that a request is queued, and that it waits for a database connection while all are at "
        "work, before it is refused with 503",
    )
