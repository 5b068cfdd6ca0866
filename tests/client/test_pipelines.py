"""The examples for GitHub Actions and GitLab: well-formed, and with commands and options that exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from app.cli import main
from app.client.release_file import ReleaseFile
from app.settings import described
from tests.readme.files import ROOT

PIPELINES = ROOT / "scripts" / "pipelines"
FILES = ("github-actions.yml", "gitlab-ci.yml")


def loaded(name: str) -> Any:
    return yaml.safe_load((PIPELINES / name).read_text(encoding="utf-8"))


def scripts(document: Any, keys: tuple[str, ...] = ("run", "script")) -> Iterator[str]:
    """The shell commands of a pipeline, whatever they stand in."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from ([value] if isinstance(value, str) else value) if key in keys else scripts(value, keys)
    elif isinstance(document, list):
        for each in document:
            yield from scripts(each, keys)


def commands(name: str) -> list[list[str]]:
    """The words after `flowport` of each command, in the order of the file."""
    lines = [line for script in scripts(loaded(name)) for line in script.splitlines()]
    calls = [line.partition("$FLOWPORT ")[2].partition("||")[0] for line in lines if "$FLOWPORT " in line]
    return [shlex.split(call) for call in calls]


def test_the_release_file_is_one() -> None:
    release = ReleaseFile(PIPELINES / "release.yaml").release
    assert (release.source, release.destination, release.start) == ("Retail Development", "Retail Production", True)


def test_they_plan_before_the_merge_and_apply_after_it() -> None:
    plan, apply = ["release", "plan", "release.yaml"], ["release", "apply", "release.yaml"]
    assert commands("github-actions.yml") == [plan, apply]
    assert commands("gitlab-ci.yml") == [plan, apply, ["status", "release.yaml"]]
    github, gitlab = loaded("github-actions.yml"), loaded("gitlab-ci.yml")
    # YAML 1.1 reads the key `on` as a truth value; GitHub doesn't.
    assert set(github[True]) == {"pull_request", "push"}
    assert {job["if"] for job in github["jobs"].values()} == {
        "github.event_name == 'pull_request'",
        "github.event_name == 'push'",
    }
    assert gitlab["plan"]["rules"][0]["if"] == '$CI_PIPELINE_SOURCE == "merge_request_event"'
    assert gitlab["plan"]["allow_failure"] == {"exit_codes": [2]}


@pytest.mark.parametrize("name", FILES)
def test_they_name_only_commands_options_and_settings_that_exist(name: str, tmp_path: Path) -> None:
    for words in commands(name):
        group: click.Command = main
        while isinstance(group, click.Group):
            group = group.commands[words.pop(0)]
        (tmp_path / "release.yaml").touch()
        group.make_context(name, [str(tmp_path / word) if word == "release.yaml" else word for word in words])
    named = set(re.findall(r"\bFLOWPORT_\w+", (PIPELINES / name).read_text(encoding="utf-8")))
    assert named - {variable for variable, _, _ in described()} == {"FLOWPORT_IMAGE"}
