"""ASGI middleware: request ids, allowed hosts, graceful shutdown."""
