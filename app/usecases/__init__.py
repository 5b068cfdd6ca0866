"""One file per use case: gather facts, decide, write; in one transaction."""
