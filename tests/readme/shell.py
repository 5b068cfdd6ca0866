"""The commands `flowport` of a README, run as a shell would run them in a folder of its own."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.cli.flowport import forked

COMMAND = re.compile(r"\.venv/bin/flowport ([^\n]*?)(?: <<'END'\n(.*)\nEND)?", re.DOTALL)
FINGERPRINT = re.compile(r"\b[0-9a-f]{64}\b")
WHICH_DATABASE = re.compile(r"^Database: .*\n", re.MULTILINE)
DRY_RUN = " --dry-run"
PLAN = " release plan "
WOULD_CHANGE = 2


@dataclass(frozen=True, slots=True)
class Shell:
    """A folder with the files of a README, and the database that its commands work on."""

    folder: Path
    database_url: str

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text + "\n", encoding="utf-8")

    def run(self, block: str, **settings: str) -> str:
        """What a command prints, with … for fingerprints: they differ, since new things have new ids."""
        command = COMMAND.fullmatch(block)
        assert command is not None, f"this isn't one command: {block}"
        words, document = command.groups()
        arguments, stdin = self._split(words), document or ""
        settings = {"DATABASE_URL": self.database_url, **settings}
        done = forked("app", *arguments, stdin=stdin, folder=self.folder, **settings)
        said = WHICH_DATABASE.sub("", done.stdout + done.stderr).rstrip("\n")
        expected = WOULD_CHANGE if DRY_RUN in block or PLAN in block else 0
        assert done.returncode == expected, f"{block}\n{said}"
        return FINGERPRINT.sub("…", said)

    def try_and_do(self, block: str) -> str:
        """What a dry run prints, which is then done."""
        assert DRY_RUN in block, f"this isn't a dry run: {block}"
        shown = self.run(block)
        self.run(block.replace(DRY_RUN, ""))
        return shown

    def _split(self, words: str) -> list[str]:
        command = ["bash", "-euc", f"printf '%s\\0' {words}"]
        return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True).stdout.split("\0")[
            :-1
        ]
