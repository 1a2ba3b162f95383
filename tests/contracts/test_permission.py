"""Every permission backend keeps the contract."""

import pytest

from kinto_core.database.engine import Database
from kinto_core.permission.interface import Permission
from kinto_core.permission.sql import SqlPermission
from kinto_core.testing.contracts.permission import PermissionContract


class TestSql(PermissionContract):
    """On each kind of database."""

    @pytest.fixture
    def permission(self, database: Database) -> Permission:
        """An empty backend."""
        return SqlPermission(database)
