"""Structured log, request ids and metrics."""

MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder in which several server processes share their metrics.

`metrics.py` reads the variable when it is imported, so the name can't stand there.
"""
