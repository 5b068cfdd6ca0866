"""The README's examples: run, and written as they should stand.

A comment above a block says what it is: `runs: NAME` is a curl command or an operation that is sent, `answer of: NAME` is what such a
command or an example of the explorers' page answers, `errors of: NAME` only the list of errors in it, `settings` the
table of all settings.
"""

import json
import re
import shlex
from typing import Any

import httpx

from app.settings import described
from tests.explorer.examples import read_examples

BLOCK = re.compile(r"(<!-- (runs|answer of|errors of): ([\w-]+) -->\n```\w+\n)(.*?)(\n```)", re.DOTALL)
SETTINGS = re.compile(r"(<!-- settings -->\n)(.*?)(\n\n)", re.DOTALL)
WIDTH = 100


async def as_it_should_stand(readme: str, client: httpx.AsyncClient) -> str:
    """The README with every answer as it really is; commands run in their order."""
    examples, sent, parts, end = read_examples(), dict[str, Any](), list[str](), 0
    for found in BLOCK.finditer(readme):
        head, kind, name, block, tail = found.groups()
        parts += [readme[end : found.start()], head]
        if kind == "runs":
            sent[name] = await run(block, client)
            parts.append(block)
        else:
            answer = sent[name] if name in sent else (await examples[name].run(client)).json()
            parts.append(laid_out(answer if kind == "answer of" else errors_in(answer)))
        parts.append(tail)
        end = found.end()
    return SETTINGS.sub(lambda found: found[1] + settings_table() + found[3], "".join([*parts, readme[end:]]))


async def run(block: str, client: httpx.AsyncClient) -> Any:
    """What a curl command answers, or an operation that the integrator of the demo world pastes into the page."""
    if block.startswith("curl "):
        return (await send(block, client)).json()
    headers = {"Authorization": "Bearer demo-integrator"}
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
    return payload["errors"]


def laid_out(value: Any, indent: int = 0, *, before: int = 0) -> str:
    """JSON with what fits on a line on one; `before` is the room that is taken there already."""
    line = json.dumps(value, ensure_ascii=False)
    if indent + before + len(line) <= WIDTH or not isinstance(value, dict | list) or not value:
        return line
    inner, blank = indent + 2, "\n" + " " * (indent + 2)
    if isinstance(value, list):
        parts = [laid_out(each, inner) for each in value]
        return f"[{blank}{f',{blank}'.join(parts)}\n{' ' * indent}]"
    keys = [json.dumps(key, ensure_ascii=False) for key in value]
    parts = [
        f"{key}: {laid_out(each, inner, before=len(key) + 2)}" for key, each in zip(keys, value.values(), strict=True)
    ]
    return f"{{{blank}{f',{blank}'.join(parts)}\n{' ' * indent}}}"


def settings_table() -> str:
    """All settings, as `flowport serve --help` lists them."""
    rows = [
        f"| `{variable}` | {f'`{default}`' if default else ''} | {about} |" for variable, default, about in described()
    ]
    return "\n".join(["| variable | default | what it is |", "|---|---|---|", *rows])
