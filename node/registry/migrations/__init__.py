"""Alembic revisions of the registry."""
