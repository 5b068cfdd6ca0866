"""The schema of the database, by Alembic, and which releases work with it."""
