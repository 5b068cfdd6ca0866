"""Workers that don't do as they should; in a module that a new process imports quickly."""

import os
import signal
import socket
import sys
import time
from pathlib import Path


def that_fails(_listening: socket.socket) -> None:
    sys.exit(3)


def that_hangs(listening: socket.socket) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    listening.close()
    (Path(os.environ["HANGS"]) / str(os.getpid())).touch()
    while True:
        time.sleep(1)
