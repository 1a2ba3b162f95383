"""Grants and group memberships: the promise and the SQL that keeps it."""
