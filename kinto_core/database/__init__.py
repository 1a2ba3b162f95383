"""Connections to SQLite and PostgreSQL, and the tables kept there."""
