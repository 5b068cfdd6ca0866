"""Structured log, request ids and metrics."""
