"""Tracing by OpenTelemetry: off, and costing nothing, unless its usual variables (OTEL_*) say where spans go."""

import os
from typing import TYPE_CHECKING

from app.telemetry.log import log

if TYPE_CHECKING:
    from app.telemetry.spans import Tracing

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
EXPORTER = "OTEL_TRACES_EXPORTER"
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
HTTP = "http/protobuf"

_tracing: "Tracing | None" = None


def tracing() -> "Tracing | None":
    """Tracing of this process; None while it is off."""
    return _tracing


def trace_with(tracing: "Tracing | None") -> None:
    global _tracing  # noqa: PLW0603 - of this process
    _tracing = tracing


def start_tracing() -> None:
    """Trace from now on, if the environment asks for it; a server that can't trace says so in the log.

    For each server process on its own: spans are sent by a thread, which no fork would have.
    """
    # As the specification has it, but that no exporter is used where none is named, neither by kind nor by address.
    exporter = os.environ.get(EXPORTER, "") or ("otlp" if any(map(os.environ.get, ENDPOINTS)) else "none")
    protocol = next((os.environ[name] for name in PROTOCOLS if name in os.environ), HTTP)
    if exporter == "none" or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return
    if (exporter, protocol) != ("otlp", HTTP):
        log().warning(
            "tracing is off", reason=f"spans are sent by otlp as {HTTP} only, not by {exporter} as {protocol}"
        )
        return
    try:
        from app.telemetry.spans import Tracing, exporting_provider

        trace_with(Tracing(exporting_provider()))
    except ImportError:
        log().warning("tracing is off", reason="the SDK of OpenTelemetry is missing: install flowport[otel]")


def stop_tracing() -> None:
    """Trace no more, and send what there is still; blocks, but not for long."""
    if _tracing is not None:
        _tracing.close()
    trace_with(None)
