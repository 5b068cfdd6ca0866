"""What the commands say about arguments and settings that can't be used: 64, as sysexits.h has it."""

from pathlib import Path

import pytest

from tests.cli.flowport import called


@pytest.mark.parametrize(
    ("words", "settings", "complaint"),
    [
        (("release", "plan"), {}, "FLOWPORT_TOKEN isn't set: it holds the token of the user who releases."),
        (("status",), {"TOKEN": ""}, "FLOWPORT_TOKEN isn't set: it holds the token of the user who releases."),
        (
            ("status",),
            {"TOKEN": "secret", "SERVER": "flowport.example.com"},
            "FLOWPORT_SERVER: string should match pattern '^https?://[^/\\s]' (given: \"flowport.example.com\")",
        ),
        (
            ("status",),
            {"TOKEN": "secret", "SERVER": "http://"},
            "FLOWPORT_SERVER: string should match pattern '^https?://[^/\\s]' (given: \"http://\")",
        ),
        (
            ("status",),
            {"TOKEN": "secret", "SERVER": "http://a:b"},
            "FLOWPORT_SERVER isn't an address: Invalid port: 'b'",
        ),
        (("status",), {"TOKEN": "of two\nlines"}, "FLOWPORT_TOKEN: string should match pattern '^[!-~]+$'"),
        (
            ("release", "apply"),
            {"TOKEN": "secret", "SEVER": "http://127.0.0.1"},
            "FLOWPORT_SEVER: there is no such setting; the nearest is FLOWPORT_SERVER",
        ),
    ],
)
def test_settings_that_can_not_be_used(
    tmp_path: Path, words: tuple[str, ...], settings: dict[str, str], complaint: str
) -> None:
    path = tmp_path / "release.yaml"
    path.write_text("from: Development\nto: Production\n")
    ended = called(*words, path, **settings)
    assert (ended.returncode, ended.stdout, ended.stderr) == (64, "", f"Error: {complaint}\n")


@pytest.mark.parametrize("words", [("release", "plan"), ("release", "apply", "--force"), ("status", "missing.yaml")])
def test_arguments_that_can_not_be_used(words: tuple[str, ...]) -> None:
    ended = called(*words, TOKEN="secret")
    assert (ended.returncode, ended.stdout) == (64, "")
    assert ended.stderr.startswith("Usage: ")
