"""Functions that write the plans of the domain as rows."""
