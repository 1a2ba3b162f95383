"""Fixtures for all tests: those that authors of plugins get, and no others."""

pytest_plugins = ["kinto_core.testing.pytest_plugin"]
