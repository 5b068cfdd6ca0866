"""Ports for servers that take no socket, and may be killed and started again on the same port."""

import socket
import sys


def free_port() -> int:
    """A port that nobody else gets as long as this process lives.

    It stays bound, which keeps the system from giving it to others. A server that sets SO_REUSEADDR, as all do that are
    tested here, may listen on it nevertheless; elsewhere than on Linux it may not, so that there it is only free now.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        if sys.platform == "linux":
            probe.detach()
    return port
