"""What everything with an id of its own has in common."""

import strawberry

from app.graphql.describe import about


@strawberry.interface(description="Something with an id of its own: ask for it again with `node`.")
class Node:
    id: strawberry.ID = about("The id: text with a prefix that says what it names. Treat the rest as opaque.")
