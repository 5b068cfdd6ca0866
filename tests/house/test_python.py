"""`scripts/python` finds the Python that the tests are to run on, and says if there is none."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
VERSION = "{}.{}".format(*sys.version_info)


def found(*versions: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([ROOT / "scripts/python", *versions], capture_output=True, text=True, timeout=60, check=False)


def test_the_version_that_is_named_is_found() -> None:
    version = subprocess.check_output([found(VERSION).stdout.strip(), "--version"], text=True, timeout=60)
    assert version.startswith(f"Python {VERSION}.")


def test_a_version_that_is_not_there_is_told_in_words() -> None:
    nothing = found("3.99")
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert "there is none of 3.99 that has it" in nothing.stderr
