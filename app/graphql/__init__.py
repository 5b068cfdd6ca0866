"""The API: GraphQL types, resolvers that translate, and the endpoint that serves them."""
