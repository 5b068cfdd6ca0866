"""What is cached for those who ask again has a bound, whatever they ask for."""

import gc
from weakref import ref

from graphql import OperationDefinitionNode, parse

from app.execution.compiler import compiled_of
from app.execution.plan import MOST_CACHED_FIELDS, MOST_CACHED_PLANS, Plan, PlanCache, conditions_of
from app.graphql.schema import schema
from app.storage.pages.flow_filters import FlowFilter, FlowOrder
from app.storage.pages.lists import ListName, ListRequest, listing_like
from app.storage.pages.paging import MOST_CACHED_LISTS, ListBelow


def planned(cache: PlanCache, key: str, fields: int) -> Plan:
    node = parse(f"{{ {' '.join(f'f{number}: __typename' for number in range(fields))} }}")
    [operation] = node.definitions
    assert isinstance(operation, OperationDefinitionNode)
    plan = Plan.of(schema.graphql_schema, node, operation, {}, cached=lambda _: cache.plan_for(key))
    assert isinstance(plan, Plan)
    plan.root()
    return plan


def test_a_plan_is_cached_unless_it_has_very_many_fields() -> None:
    cache = PlanCache()
    for fields, is_cached in ((1, True), (MOST_CACHED_FIELDS, True), (MOST_CACHED_FIELDS + 1, False)):
        planned(cache, str(fields), fields)
        assert (cache.plan_for(str(fields)).root is not None) is is_cached


def test_only_so_many_plans_are_kept() -> None:
    cache = PlanCache()
    for number in range(MOST_CACHED_PLANS + 1):
        planned(cache, str(number), 1)
    assert [cache.plan_for(key).root is None for key in ("1", str(MOST_CACHED_PLANS), "0")] == [False, False, True]


def test_what_is_cached_keeps_no_request_with_its_variables_and_needs_no_garbage_collection() -> None:
    cache = PlanCache()
    plan = planned(cache, "0", 1)
    request, compiled = ref(plan), ref(compiled_of(plan, plan.root()))
    gc.disable()
    try:
        del plan
        assert (request(), compiled() is None) == (None, False)
        del cache
        assert compiled() is None
    finally:
        gc.enable()


def test_a_plan_depends_on_the_variables_that_stand_in_directives() -> None:
    document = parse(
        "query($a: Boolean, $b: Int, $c: Boolean) { ...F workspaces(first: $b) { totalCount @skip(if: $a) } }"
        " fragment F on Query { viewer @include(if: $c) { id } }"
    )
    assert conditions_of(document) == {"a", "c"}


def test_lists_share_statements_by_their_form_of_which_only_so_many_are_kept() -> None:
    one, other = (
        ListRequest(ListName.FLOWS, text, FlowFilter(created_by=creator)) for text, creator in (("a", "b"), ("c", "d"))
    )
    assert one.listing() is other.listing()
    assert one.values("somebody") != other.values("somebody")
    assert ListRequest(ListName.FLOWS, flow_order=FlowOrder.NAME_DESC).listing() is not one.listing()
    caches = listing_like, ListBelow._page_of_one, ListBelow._pages_of_several, ListBelow._counts
    assert {each.cache_info().maxsize for each in caches} == {MOST_CACHED_LISTS}
