"""The nouns of the API, as the schema shows them."""
