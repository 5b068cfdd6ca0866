"""The watch over an embedded server (`python -m app.storage.embedded.watch DATA_DIR`), started with it."""

import sys
from pathlib import Path

from app.storage.embedded.running import watch

if __name__ == "__main__":
    watch(Path(sys.argv[1]))
