"""Lists page by page, with the rows that their elements refer to."""
