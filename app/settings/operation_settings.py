"""Log and metrics for operators, and how long the server waits and keeps records."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings

from app.settings.listening_settings import Switch


class OperationSettings(BaseSettings):
    metrics: Switch = Field(
        default="auto",
        description="`/metrics`; auto: open on loopback, else for whoever has the token, if there is one",
    )
    metrics_token: str | None = Field(
        default=None, min_length=16, repr=False, description="bearer token that `/metrics` asks for; unset, none"
    )
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto", description="how the log is written; auto: console on a terminal, else json"
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)] = Field(
        default="info", description="least urgent level that is logged"
    )
    worker_timeout_seconds: float = Field(
        default=10,
        gt=0,
        allow_inf_nan=False,
        description="longest time that one piece of work may keep a worker from all others, before it is replaced",
    )
    shutdown_seconds: float = Field(
        default=8, ge=0, le=3600, allow_inf_nan=False, description="longest time for requests to end at a shutdown"
    )
    set_aside_days: int = Field(default=30, ge=1, le=36_500, description="days that a draft set aside is kept")
    record_days: int = Field(
        default=400,
        ge=1,
        le=36_500,
        description="days that the record of an export is kept once it was undone or its destination was deleted",
    )
    event_days: int = Field(default=400, ge=1, le=36_500, description="days that an event is kept")
    idempotency_key_hours: int = Field(default=24, ge=1, le=8_760, description="hours that an idempotency key is kept")
