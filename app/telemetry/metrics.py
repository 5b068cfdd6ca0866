"""The metrics of the server, for Prometheus. Labels are bounded: they hold names of the schema, never a caller's."""

import os
from multiprocessing import current_process

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector

from app.telemetry import MULTIPROCESS_FOLDER

if MULTIPROCESS_FOLDER in os.environ:
    # As the library would, but for the names of the files, where it has the process id.
    values.ValueClass = values.MultiProcessValue(lambda: current_process().name)  # type: ignore[no-untyped-call]

REGISTRY = CollectorRegistry()

OPERATIONS = Counter(
    "flowport_operations", "GraphQL operations, by root field and outcome.", ["operation", "outcome"], registry=REGISTRY
)
SECONDS = Histogram(
    "flowport_operation_seconds",
    "Time that an operation took.",
    ["operation"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
STATEMENTS = Histogram(
    "flowport_operation_statements",
    "SQL statements of an operation, authentication included.",
    ["operation"],
    buckets=(1, 2, 4, 6, 8, 10, 12, 16, 24, 32, 64),
    registry=REGISTRY,
)
REFUSED_REQUESTS = Counter(
    "flowport_refused_requests",
    "Requests that were not answered with what they asked for, by code.",
    ["code"],
    registry=REGISTRY,
)
CONNECTIONS = Gauge(
    "flowport_database_connections_in_use",
    "Database connections that are at work.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
REQUESTS_WAITING = Gauge(
    "flowport_requests_waiting",
    "Requests that are queued.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
COUNTING_ALONE = Gauge(
    "flowport_processes_counting_alone",
    "Server processes that can't reach what they share the rate limit by.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
REPLICAS_IN_USE = Gauge(
    "flowport_processes_reading_from_replica",
    "Server processes that read from the replica.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
BACKGROUND_TASKS_ENDED = Counter(
    "flowport_background_tasks_ended",
    "Background tasks that an unexpected exception has ended, and that were restarted.",
    ["task"],
    registry=REGISTRY,
)
TRANSACTIONS_RETRIED = Counter(
    "flowport_transactions_retried",
    "Transactions that were rolled back for the sake of another, and retried.",
    registry=REGISTRY,
)
REPLICA_QUERIES = Counter("flowport_replica_queries", "Queries that were answered from the replica.", registry=REGISTRY)
WORKERS_REPLACED = Counter(
    "flowport_workers_replaced", "Workers that died or were stuck, and were replaced.", registry=REGISTRY
)
"""Counted by the supervisor: a worker that is forked later has the number."""


def operation_ended(operation: str, outcome: str, *, seconds: float, statements: int) -> None:
    """Count an operation that was run."""
    OPERATIONS.labels(operation, outcome).inc()
    SECONDS.labels(operation).observe(seconds)
    STATEMENTS.labels(operation).observe(statements)


def request_refused(code: str) -> None:
    """Count a refused request."""
    REFUSED_REQUESTS.labels(code).inc()


def exposition() -> bytes:
    """All metrics in Prometheus' text format, added up over the server processes that share a folder."""
    if MULTIPROCESS_FOLDER not in os.environ:
        return generate_latest(REGISTRY)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # the library types all but this
    return generate_latest(together)
