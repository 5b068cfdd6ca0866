"""The statements of queries: they find only what the viewer can see, and their number doesn't depend on the rows."""
