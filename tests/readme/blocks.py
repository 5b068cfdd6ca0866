"""The examples of a README: run, and written as they should stand.

A comment above a block says what it is: `runs: NAME` is a curl command or an operation that is sent, `example: NAME` an
operation of the explorer's page, and `variables of: NAME` the variables that it is sent with, which must stand beside it.
`answer of: NAME` is what either answers, `data of: NAME` only the data in it, and `errors of: NAME` only the list of
refusals. A command `flowport` runs in a folder where each block `file: NAME` is a file; `output of: NAME` is what it
prints. With `tries: NAME` it is a dry run, which is done afterwards. `settings` is the table of all settings, `sections`
that of world documents. What runs without its answer or errors being shown has to be done. `reset` puts the demo world
back to its first state before what comes after it.
"""

import asyncio
import json
import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from app.domain.world.sections import REQUIRED, SECTIONS, Property, Section
from app.graphql.errors import refusals
from app.graphql.outcomes import types_of_refusals
from app.graphql.schema import schema
from app.settings import Settings, described
from tests.commands import reset_demo
from tests.explorer.examples import Example, read_examples
from tests.readme.shell import Shell
from tests.serving.real import on_a_socket

USUAL_TOKEN = "demo-integrator"
CALLS_A_SERVER = (".venv/bin/flowport release ", ".venv/bin/flowport status ")
RESET = "<!-- reset -->"
BLOCK = re.compile(
    r"(<!-- (runs|tries|file|example|variables of|answer of|data of|errors of|output of): ([\w.-]+) -->\n```\w+\n)(.*?)(\n```)",
    re.DOTALL,
)
ANSWERED_BY = re.compile(r"^(## `([A-Z_]+)`\n\n)(?:`\w+`, which .*?\n\n)?", re.DOTALL | re.MULTILINE)
SETTINGS = re.compile(r"(<!-- settings -->\n)(.*?)(\n\n)", re.DOTALL)
SECTIONS_OF_WORLDS = re.compile(r"(<!-- sections -->\n)(.*?)(\n\n)", re.DOTALL)
SHOWS_AN_ANSWER = {"answer of", "data of", "errors of", "output of"}
WIDTH = 100
WIDTH_OF_DATA = 116


@dataclass(frozen=True, slots=True)
class ReadmeSession:
    """What was sent of one README so far, and what was answered."""

    client: httpx.AsyncClient
    shell: Shell
    examples: dict[str, Example] = field(default_factory=read_examples)
    answers: dict[str, Any] = field(default_factory=dict)

    async def block(self, kind: str, name: str, block: str) -> str:
        """What should stand in a block."""
        if kind == "file":
            self.shell.write(name, block)
            return block
        if kind in {"runs", "tries"}:
            self.answers[name] = await self.run(kind, block)
            return block
        if kind == "output of":
            return str(self.answers[name])
        if kind == "example":
            await self.answer(name)
            return text_of(self.examples[name])
        if kind == "variables of":
            return laid_out(self.examples[name].variables)
        answer = await self.answer(name)
        if kind == "data of":
            return laid_out(answer["data"], width=WIDTH_OF_DATA)
        return laid_out(answer if kind == "answer of" else errors_in(answer))

    async def run(self, kind: str, block: str) -> Any:
        if block.startswith(CALLS_A_SERVER):
            async with on_a_socket(Settings(database_url=self.shell.database_url)) as (_, _, port):
                settings = {"SERVER": f"http://127.0.0.1:{port}", "TOKEN": USUAL_TOKEN}
                return await asyncio.to_thread(self.shell.run, block, **settings)
        if block.startswith(".venv/bin/flowport "):
            return await asyncio.to_thread(self.shell.run if kind == "runs" else self.shell.try_and_do, block)
        return await run(block, self.client)

    async def answer(self, name: str) -> Any:
        if name not in self.answers:
            self.answers[name] = (await self.examples[name].run(self.client)).json()
        return self.answers[name]


async def as_it_should_stand(readme: str, client: httpx.AsyncClient, database_url: str) -> str:
    """The README with every answer as it really is; commands run in their order."""
    with TemporaryDirectory() as folder:
        session = ReadmeSession(client, Shell(Path(folder), database_url))
        text = await with_real_answers(readme, session)
    text = SETTINGS.sub(lambda found: found[1] + settings_table() + found[3], text)
    text = SECTIONS_OF_WORLDS.sub(lambda found: found[1] + sections_table() + found[3], text)
    return ANSWERED_BY.sub(lambda found: f"{found[1]}{answered_by(found[2])}\n\n", text)


async def with_real_answers(readme: str, session: ReadmeSession) -> str:
    parts, end = list[str](), 0
    shown, with_variables = set[str](), set[str]()
    for found in BLOCK.finditer(readme):
        head, kind, name, block, tail = found.groups()
        if RESET in readme[end : found.start()]:
            await reset_demo(session.shell.database_url)
        parts += [readme[end : found.start()], head, await session.block(kind, name, block), tail]
        shown |= {name} if kind in SHOWS_AN_ANSWER else set()
        with_variables ^= {name} if is_half_of_a_call(kind, session.examples.get(name)) else set()
        end = found.end()
    assert with_variables == set(), f"the operation or its variables are missing: {with_variables}"
    for name, answer in session.answers.items():
        assert name in shown or isinstance(answer, str) or is_done(answer), f"{name} isn't done: {answer}"
    return "".join([*parts, readme[end:]])


def sections_table() -> str:
    rows = [f"| `{name}` | {', '.join(map(said_of, properties_of(section)))} |" for name, section in SECTIONS.items()]
    return "\n".join(["| section | properties |", "|---|---|", *rows])


def properties_of(section: Section) -> Iterator[Property]:
    yield from (Property(name) for name in ("key", "id") if section.kind is not None)
    yield from section.properties
    yield Property("remove", default=None)


def said_of(each: Property) -> str:
    """A property: **required** of a new thing, with its values or parts, and its default; fixed ones never change."""
    name = f"**`{each.name}`**" if each.default is REQUIRED and each.name not in {"key", "id"} else f"`{each.name}`"
    if isinstance(each.form, Section):
        return f"{name} ({', '.join(map(said_of, each.form.properties))})"
    values = [f"`{value}`" for value in each.form] if isinstance(each.form, tuple) else []
    return f"{name} ({', '.join(values)})" if values else name


def is_half_of_a_call(kind: str, example: Example | None) -> bool:
    """Whether a block is an operation that has variables, or these variables: one is of no use without the other."""
    return example is not None and example.variables is not None and kind in {"example", "variables of"}


def answered_by(code: str) -> str:
    """The type of an error, and the mutations that may answer with it, as the table of errors has them."""
    [error] = [each for each in types_of_refusals(refusals) if getattr(each.rows, "code", None) == code]
    type_: Any = schema.graphql_schema.type_map[error.__name__]
    names = [interface.name for interface in type_.interfaces if interface.name not in {"Error", "ExportFlowWarning"}]
    mutations = [f"`{name[0].lower()}{name[1:].removesuffix('Error')}`" for name in names]
    return textwrap.fill(f"`{error.__name__}`, which may answer {', '.join(mutations)}.", 120, break_on_hyphens=False)


def is_done(answer: Any) -> bool:
    """Whether an operation was answered without errors of the request, and without refusals."""
    payloads = [payload for payload in (answer.get("data") or {}).values() if isinstance(payload, dict)]
    return "errors" not in answer and not any(payload.get("errors") for payload in payloads)


def text_of(example: Example) -> str:
    """An operation of the explorer's page without the comments that the page reads, but with another user than usual."""
    lines = [line for line in example.document.strip().splitlines() if not line.startswith("#")]
    return "\n".join([f"# As {example.token}", *lines] if example.token != USUAL_TOKEN else lines)


async def run(block: str, client: httpx.AsyncClient) -> Any:
    """What a curl command answers, or an operation that the integrator of the demo world pastes into the page."""
    if block.startswith("curl "):
        return (await send(block, client)).json()
    headers = {"Authorization": f"Bearer {USUAL_TOKEN}"}
    return (await client.post("/graphql", json={"query": block}, headers=headers)).json()


async def send(command: str, client: httpx.AsyncClient) -> httpx.Response:
    """What a curl command would send."""
    program, *words = shlex.split(command)
    assert program == "curl"
    url, headers, body = "", dict[str, str](), None
    while words:
        match words.pop(0):
            case "-s":
                pass
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            case "-d":
                body = words.pop(0)
            case word:
                assert not word.startswith("-"), f"{word} isn't understood here"
                url = word
    return await client.request("GET" if body is None else "POST", url, headers=headers, content=body)


def errors_in(answer: Any) -> Any:
    *_, payload = answer["data"].values()
    return (
        payload["errors"] if "errors" in payload else [error for one in payload["results"] for error in one["errors"]]
    )


def laid_out(value: Any, indent: int = 0, *, before: int = 0, width: int = WIDTH) -> str:
    """JSON with what fits on a line on one; `before` is the room that is taken there already."""
    line = json.dumps(value, ensure_ascii=False)
    if indent + before + len(line) <= width or not isinstance(value, dict | list) or not value:
        return line
    inner, blank = indent + 2, "\n" + " " * (indent + 2)
    if isinstance(value, list):
        parts = [laid_out(each, inner, width=width) for each in value]
        return f"[{blank}{f',{blank}'.join(parts)}\n{' ' * indent}]"
    keys = [json.dumps(key, ensure_ascii=False) for key in value]
    parts = [
        f"{key}: {laid_out(each, inner, before=len(key) + 2, width=width)}"
        for key, each in zip(keys, value.values(), strict=True)
    ]
    return f"{{{blank}{f',{blank}'.join(parts)}\n{' ' * indent}}}"


def settings_table() -> str:
    """All settings, as `flowport serve --help` lists them."""
    rows = [
        f"| `{variable}` | {f'`{default}`' if default else ''} | {about} |" for variable, default, about in described()
    ]
    return "\n".join(["| variable | default | what it is |", "|---|---|---|", *rows])
