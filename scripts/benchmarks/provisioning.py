"""Measures provisioning: a large world created, applied again, and with a hundred memberships changed.

python scripts/benchmarks/provisioning.py --workspaces 20000 --flows 200000 --callers 6000
"""

import argparse
import json
import random
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.server.database import database, run
from app.settings import read_settings
from app.storage.world.text import WorldText
from app.usecases.apply_world import WorldWish, apply_world

CHANGED = 100
WORLD = Path(__file__).with_name("world.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("--workspaces", 200), ("--flows", 2000), ("--callers", 60)):
        parser.add_argument(name, type=int, default=usual)
    size = parser.parse_args()
    with TemporaryDirectory() as folder:
        # As root, the database runs as another user.
        Path(folder).chmod(0o755)
        numbers = [f"--{name}={value}" for name, value in vars(size).items()]
        made = subprocess.run([sys.executable, WORLD, *numbers], check=True, capture_output=True).stdout
        with database(read_settings({"data_dir": Path(folder) / "data"}), make=True) as url:
            for what, document in (("created", made), ("applied again", made), ("changed", changed(made))):
                print(f"{what}: {seconds_of(url, document)}")


def changed(document: bytes) -> bytes:
    """The same document with other roles for some members."""
    world: dict[str, Any] = json.loads(document)
    chance = random.Random(1)  # noqa: S311 - the same members again, not a secret
    for member in chance.sample(world["workspaceMembers"], min(CHANGED, len(world["workspaceMembers"]))):
        member["role"] = "guest" if member["role"] != "guest" else "admin"
    return json.dumps(world).encode()


def seconds_of(url: str, document: bytes) -> str:
    wish, begun = WorldWish(WorldText(document)), time.monotonic()
    plan = run(url, lambda work: apply_world(work, wish), takes_long=True).plan
    return f"{time.monotonic() - begun:.1f} s, {sum(1 for _ in plan.differing())} of {len(plan.things)} things changed"


if __name__ == "__main__":
    main()
