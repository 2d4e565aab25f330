"""Alembic's migrations, run by the recorder."""
