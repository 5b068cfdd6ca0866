"""The page for people who explore the API with a browser."""
