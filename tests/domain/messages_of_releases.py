"""What is said of releases: the rest of the table of messages."""

from app.domain.release import ReleaseItem, ReleaseState
from app.domain.review import (
    CannotReviewOwnRelease,
    CannotUndoRelease,
    ReleaseIsClosed,
    ReleaseIsStale,
    ReleaseNotFound,
)
from tests.domain.builders import AGENT, called
from tests.domain.messages import ID, Message


def item(name: str) -> ReleaseItem:
    moved = {"is_open": True, "draft_has_moved": True, "version_has_moved": False}
    return ReleaseItem("release_1", 0, "flow_1", name, "draft_1", None, 1, None, None, started=False, **moved)


OF_RELEASES: list[tuple[Message, str]] = [
    (
        ReleaseNotFound(f"release_{ID}"),
        f"There is no release release_{ID} that you can see. Check the id, or ask for access.",
    ),
    (
        CannotReviewOwnRelease("Spring"),
        "You requested the release Spring yourself. Ask another reviewer of the workspace.",
    ),
    (
        ReleaseIsClosed("release_1", "Spring", ReleaseState.APPLIED),
        "The release Spring is applied already. Look at the release again.",
    ),
    (
        ReleaseIsClosed("release_1", "Spring", ReleaseState.OPEN),
        "The release Spring was never applied, so there is nothing to undo. Withdraw the request instead.",
    ),
    (
        ReleaseIsStale((item("Orders"),)),
        (
            "The flow Orders has changed since the release was requested. "
            "Look at the changes, withdraw the request and request the release again."
        ),
    ),
    (
        CannotUndoRelease((item("Orders"), item("Items"))),
        (
            "The flows Orders, Items have changed since the release was applied, so the release can't be undone. "
            "Revert each flow of it on its own."
        ),
    ),
    (
        CannotUndoRelease((item("Orders"),), ((AGENT, called("2", "Call")),)),
        (
            "The release can't be undone, since the earlier version of the flow Orders used what is gone: "
            "the agent of the step Call. "
            "To restore the flow without that, use `revertFlow` with `publish`."
        ),
    ),
]
