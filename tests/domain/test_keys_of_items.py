"""An item of a call has no idempotency key of its own (P5)."""

from app.domain.batch import BatchMode
from app.domain.errors import Refused
from app.domain.export_batch import ExportsWish, plan_batch
from app.domain.facts import ExportWish, Facts, IntoWorkspace


def test_the_key_of_an_item_is_refused_in_its_place() -> None:
    wishes = (ExportWish("flow_1", IntoWorkspace("workspace_1"), idempotency_key="key"),)
    _, batch = plan_batch(Facts(), ExportsWish(wishes, BatchMode.BEST_EFFORT))
    [refused] = batch.results
    assert isinstance(refused, Refused)
    assert [error.path for error in refused.errors if error.code == "INVALID_INPUT"] == [
        ("items", "0", "idempotencyKey")
    ]
