"""Spans of requests and of their statements, in the words of OpenTelemetry's semantic conventions.

Imported only where tracing is on. Neither values of variables nor words of exceptions get into a span: it leaves the machine.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from http import HTTPStatus

from opentelemetry.propagate import extract
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, format_span_id, format_trace_id
from opentelemetry.trace.propagation import set_span_in_context
from opentelemetry.util.types import AttributeValue

from app.telemetry.redaction import redacted

NAME = "flowport"
LONGEST_TEXT = 2000
"""Characters of a statement."""
CLOSE_SECONDS = 1.0


class Tracing:
    """Makes the spans of requests."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer(NAME)

    def request(self, method: str, path: str, headers: Mapping[str, str]) -> "RequestSpan":
        """A span within that of the caller, if the headers name one."""
        attributes = {"http.request.method": method, "url.path": path}
        span = self._tracer.start_span(
            f"{method} {path}", context=extract(headers), kind=SpanKind.SERVER, attributes=attributes
        )
        return RequestSpan(self._tracer, span)

    def close(self) -> None:
        """Send what there is still. A collector that is silent is not waited for: it would hold up the stop."""
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)


class RequestSpan:
    """The span of a request; statements and Redis commands become child spans, whichever task sends them."""

    def __init__(self, tracer: Tracer, span: Span) -> None:
        self._tracer = tracer
        self._span = span
        self._context = set_span_in_context(span)
        self.trace_id = format_trace_id(span.get_span_context().trace_id)
        self.span_id = format_span_id(span.get_span_context().span_id)

    def note_operation(self, name: str, attributes: Mapping[str, AttributeValue | None], *, is_failed: bool) -> None:
        """Name the span after the operation, as the schema names it, and add the fields of its log line."""
        self._span.update_name(name)
        self._span.set_attributes({key: value for key, value in attributes.items() if value is not None})
        if is_failed:
            self._span.set_status(Status(StatusCode.ERROR))

    def end(self, status: int | None) -> None:
        """End the span with the HTTP status; None if no answer could be sent."""
        if status is not None:
            self._span.set_attribute("http.response.status_code", status)
        if status is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()

    def statement(self, text: str) -> AbstractContextManager[None]:
        """A statement, with its parameters' numbers in place of their values."""
        operation = text.lstrip("( ").partition(" ")[0].upper()
        return self.command("postgresql", operation, {"db.query.text": redacted(text[:LONGEST_TEXT])})

    @contextmanager
    def command(self, system: str, operation: str, attributes: Mapping[str, AttributeValue]) -> Iterator[None]:
        """A child span around a command to PostgreSQL or Redis."""
        span = self._tracer.start_span(
            operation,
            context=self._context,
            kind=SpanKind.CLIENT,
            attributes={"db.system.name": system, "db.operation.name": operation, **attributes},
        )
        try:
            yield
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(Status(StatusCode.ERROR))
            raise
        finally:
            span.end()


def exporting_provider() -> TracerProvider:
    """A provider that sends spans over HTTP; the variables OTEL_* say where to, with which headers, and how many."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # The variables name the service too, if the operator wishes.
    resource = Resource.create({SERVICE_NAME: NAME}).merge(OTELResourceDetector().detect())
    # It is closed by us, within the time that a stop may take.
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
