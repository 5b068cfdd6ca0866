"""The command `flowport`, which doesn't wait long for a database: `python -m tests.cli.impatient …`."""

from app.cli import main
from app.storage.migrations import migrate

SHORT = 3
"""For a database that is silent, and long enough for a busy one."""
OFTEN = 0.4

if __name__ == "__main__":
    vars(migrate).update(ANSWER_SECONDS=SHORT, LOOK_SECONDS=OFTEN)
    main()
