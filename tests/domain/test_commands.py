"""How a step's command names a component: `team/name:function@version` (C0)."""

import pytest

from app.domain.component import LONGEST_COMMAND, Command, ComponentName, named_component, read_command
from tests.domain.counting import peak


@pytest.mark.parametrize(
    ("command", "team", "name", "function"),
    [
        ("acme/mailer:send@latest", "acme", "mailer", "send"),
        ("acme/mailer:send@5f3c2a", "acme", "mailer", "send"),
        ("acme/mailer:send", "acme", "mailer", "send"),
        ("elasticio/pub-sub:sub@latest", "elasticio", "pub-sub", "sub"),
        ("team.1/näme_2:fn.x@1.0-beta", "team.1", "näme_2", "fn.x"),
    ],
)
def test_a_command_has_a_component_and_a_function_and_may_have_a_version(
    command: str, team: str, name: str, function: str
) -> None:
    assert read_command(command) == Command(ComponentName(team, name), function)
    assert str(named_component(command)) == f"{team}/{name}"


@pytest.mark.parametrize(
    "command",
    [
        "",
        "mailer",
        "acme/mailer",
        "acme/mailer:",
        "acme/mailer@latest",
        "acme/mailer:send@",
        "/mailer:send",
        "acme/:send",
        "acme/mailer/more:send",
        "acme/mailer:send:again",
        "acme/mailer:send@1@2",
        " acme/mailer:send",
        "acme/mailer:send\n",
        "acme/mailer:se nd",
        "acme/mail\0er:send",
        "ac\0me/mailer:send",
    ],
)
def test_what_cant_be_read_as_a_command_goes_by_its_whole_text(command: str) -> None:
    assert read_command(command) is None
    assert str(named_component(command)) == command


def test_a_command_longer_than_anyone_means_names_no_component() -> None:
    longest = "acme/mailer:send@".ljust(LONGEST_COMMAND, "1")
    read = read_command(longest)
    assert read is not None
    assert read.component == ComponentName("acme", "mailer")
    assert read_command(longest + "1") is None
    assert str(named_component(longest + "1")) == longest + "1"


def test_reading_commands_keeps_no_long_ones() -> None:
    def read_many(length: int) -> None:
        for number in range(500):
            assert read_command(f"acme/mailer:{number}x".ljust(length, "x")) is not None

    assert peak(lambda: read_many(LONGEST_COMMAND)) < 100_000
