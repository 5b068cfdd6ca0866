"""The endpoint over HTTP: from a request to a caller, an operation and an answer."""
