"""Structured log, request ids and metrics."""

MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder where several server processes put their numbers together, if there is one.

It stands here, since how numbers are kept is decided when `metrics.py` is imported.
"""
