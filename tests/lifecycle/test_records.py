"""Records of copies and exports outlive what they name, for a time (P6)."""

from app.usecases.results import Undone
from tests.lifecycle.company import Company
from tests.lifecycle.racing import published
from tests.lifecycle.records import exported, record_of


async def test_records_outlive_what_they_name_and_never_change_but_for_being_undone(firm: Company) -> None:
    source, _ = await published(firm, 9)
    made = await exported(firm, source, to="production")
    first = await record_of(firm, made.export_id)
    again = await exported(firm, source, onto=made.flow_id)
    assert isinstance(await firm.undo(again.export_id), Undone)
    assert await record_of(firm, made.export_id) == first
    await firm.publish(made.flow_id)
    await firm.delete(made.flow_id)
    await firm.delete(source)
    held = await record_of(firm, made.export_id)
    kept = {name: value for name, value in held.items() if not name.startswith("first_change")}
    assert kept == {name: value for name, value in first.items() if not name.startswith("first_change")}
    assert (await record_of(firm, again.export_id))["report_hash"] == held["report_hash"]
