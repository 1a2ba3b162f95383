"""What plugin authors need to test their work, and what our own tests use."""

from kinto_core.testing.server import make_app, make_postgresql_app, make_server, make_settings

__all__ = ["make_app", "make_postgresql_app", "make_server", "make_settings"]
