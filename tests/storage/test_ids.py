"""Ids are read as the library of their form reads them."""

from hypothesis import example, given
from hypothesis import strategies as st
from typeid import TypeID
from typeid.core.errors import TypeIDException

from app.domain.model import Kind, kind_of
from app.storage.ids import new_id

LIKE_IDS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from([*map(str, Kind), "", "flow_flow", "Flow", "flows", "flöw", "_flow"]),
    st.sampled_from(["_", "", "__", "-"]),
    st.text(st.sampled_from("0127 abilouzAZ\u0660\u212a\n"), min_size=0, max_size=2),
    st.text(st.sampled_from("019abhjkmnpqrstvwxyz"), min_size=24, max_size=26),
)


@given(st.one_of(st.text(max_size=40), LIKE_IDS))
@example("flow_01jg7z0000000000000000000a")
def test_what_an_id_names_is_what_its_library_says(text: str) -> None:
    try:
        prefix = TypeID.from_string(text).prefix
    except (TypeIDException, ValueError):
        prefix = ""
    expected = Kind(prefix) if prefix in {*Kind} else None
    assert kind_of(text) is expected


def test_a_new_id_is_of_its_kind() -> None:
    assert [kind_of(new_id(kind)) for kind in Kind] == [*Kind]
