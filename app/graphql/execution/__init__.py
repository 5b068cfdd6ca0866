"""Running operations on graphql-core: what an answer takes is counted, long work gives way, relations are read ahead."""
