"""The client of `mixed_use.py`: sends operations, and notes which answers are unexpected."""

from collections import Counter
from typing import Any

import httpx

Json = dict[str, Any]


class Client:
    """Requests, counted by their results."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.requests = 0
        self.answers: Counter[tuple[str, str]] = Counter()
        """By the root field and the code of its refusal."""
        self.unexpected: list[str] = []
        self._told = 0

    async def ask(self, token: str, what: str, document: str, **variables: object) -> Any:  # noqa: ANN401 - whatever the document asks for
        """The value of the one root field; None if there is none, or if the answer is unexpected, which is noted."""
        self.requests += 1
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/graphql-response+json"}
        body = {"query": document, "variables": variables}
        try:
            response = await self._http.post("/graphql", json=body, headers=headers)
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            self._note(what, f"{type(error).__name__}: {error}", variables)
            return None
        if response.status_code != httpx.codes.OK or answer.get("errors"):
            self._note(what, f"{response.status_code} {answer.get('errors')}", variables)
            return None
        [value] = answer["data"].values()
        codes = [error["code"] for error in value.get("errors", ())] if isinstance(value, dict) else []
        for code in codes or ["went through" if value is not None else "null"]:
            self.answers[what, code] += 1
        return value

    def news(self) -> list[str]:
        """What was unexpected since the last time."""
        new, self._told = self.unexpected[self._told :], len(self.unexpected)
        return new

    def _note(self, what: str, why: str, variables: Json) -> None:
        self.answers[what, "UNEXPECTED"] += 1
        self.unexpected.append(f"{what} {str(variables)[:300]}: {why[:600]}")
