"""Several callers at work on one flow at the same time: whatever went through is answered as such."""

import asyncio

from tests.api.client import Api, Json, codes_of

SAVE = """mutation($flow: ID!) { updateFlowDraft(input: {flowId: $flow, description: "x"}) {
  draft { id revision graph { native } readiness { ready } } errors { code } } }"""
PUBLISH = "mutation($flow: ID!) { publishFlowDraft(input: {flowId: $flow}) { version { number } errors { code } } }"
DISCARD = "mutation($flow: ID!) { discardFlowDraft(input: {flowId: $flow}) { discardedDraftId errors { code } } }"
READ = "query($flow: ID!) { flow(id: $flow) { draft { id graph { native } readiness { ready } author { id } } } }"


async def test_a_draft_that_goes_while_it_is_shown_is_no_error(fresh: Api) -> None:
    ada, flow = fresh.caller("ada"), fresh.id("plain")

    async def at_once() -> list[Json]:
        documents = (SAVE, READ, PUBLISH, SAVE, READ, DISCARD, READ)
        return list(await asyncio.gather(*(ada.answer(document, flow=flow) for document in documents)))

    for _ in range(12):
        codes = [code for answer in await at_once() for code in codes_of(answer)]
        assert set(codes) <= {"GONE"}
