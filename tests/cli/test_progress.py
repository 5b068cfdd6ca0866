"""The progress of `flowport apply`."""

import sys

import pytest

from app.server.applying import show_progress


def test_progress_is_a_line_that_is_written_over_on_terminals_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for is_terminal in (True, False):
        monkeypatch.setattr(sys.stderr, "isatty", lambda is_terminal=is_terminal: is_terminal)
        for done in (0, 1, 3):
            show_progress("Loading flows", done, 3)
    assert capsys.readouterr().err == "Loading flows: 0 %\rLoading flows: 33 %\rLoading flows: 100 %\r\n"
