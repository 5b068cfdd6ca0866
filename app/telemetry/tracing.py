"""Tracing by OpenTelemetry: off, and costing nothing, unless its usual variables (OTEL_*) say where spans go."""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.telemetry.spans import Tracing

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
EXPORTER = "OTEL_TRACES_EXPORTER"
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")

_tracing: "Tracing | None" = None


class TracingRefused(Exception):
    """Tracing is asked for and can't be had; the message is for the log."""


def tracing() -> "Tracing | None":
    """Tracing of this process; None while it is off."""
    return _tracing


def trace_with(tracing: "Tracing | None") -> None:
    global _tracing  # noqa: PLW0603 - of this process
    _tracing = tracing


def start_tracing() -> bool:
    """Trace from now on, if the environment asks for it; returns whether it does.

    For each server process on its own: spans are sent by a thread, which no fork would have. Raises TracingRefused.
    """
    if not is_wanted(os.environ):
        return False
    protocol = next((os.environ[name] for name in PROTOCOLS if name in os.environ), "http/protobuf")
    if protocol != "http/protobuf":
        raise TracingRefused(f"spans are sent as http/protobuf only, not as {protocol}")
    if not all(map(is_installed, PACKAGES)):
        raise TracingRefused("the SDK of OpenTelemetry is missing: install flowport[otel]")
    from app.telemetry.spans import Tracing, exporting_provider

    trace_with(Tracing(exporting_provider()))
    return True


def stop_tracing() -> None:
    """Trace no more, and send what there is still; blocks, but not for long."""
    if _tracing is not None:
        _tracing.close()
    trace_with(None)


def is_wanted(environ: Mapping[str, str]) -> bool:
    """As the specification has it, but that no exporter is used where none is named, neither by kind nor by address.

    Raises TracingRefused for other exporters than ours.
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environ.get(EXPORTER, "").strip().lower()
    if exporter in {"none", "otlp"}:
        return exporter == "otlp"
    if exporter:
        raise TracingRefused(f"{EXPORTER} must be otlp or none, not {exporter}")
    return any(environ.get(name) for name in ENDPOINTS)


def is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
