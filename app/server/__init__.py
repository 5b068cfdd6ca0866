"""The process: the application put together, workers, connections, graceful shutdown, probes."""
