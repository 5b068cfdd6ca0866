"""Asking servers without TLS."""

import ssl

TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For `verify`, since httpx reads the certificates of all authorities for each client otherwise: 25 ms of a processor."""
