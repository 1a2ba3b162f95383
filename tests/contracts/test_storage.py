"""Every storage keeps the contract, alone and among many."""

import pytest

from kinto_core.database.engine import Database
from kinto_core.storage.interface import Storage
from kinto_core.storage.sql import SqlStorage
from kinto_core.testing.contracts.storage import StorageContract
from kinto_core.testing.contracts.storage_concurrency import StorageConcurrencyContract
from kinto_core.testing.contracts.storage_indexes import StorageIndexContract
from kinto_core.testing.contracts.storage_pages import StoragePagesContract
from kinto_core.testing.contracts.storage_unique import StorageUniqueContract


@pytest.fixture
def empty_storage(database: Database) -> Storage:
    """A storage on a new database of each kind."""
    return SqlStorage(database)


class TestSql(StorageContract):
    """On each kind of database."""

    @pytest.fixture
    def storage(self, empty_storage: Storage) -> Storage:
        """An empty storage."""
        return empty_storage


class TestSqlAmongMany(StorageConcurrencyContract):
    """On each kind of database."""

    @pytest.fixture
    def storage(self, empty_storage: Storage) -> Storage:
        """An empty storage."""
        return empty_storage


class TestSqlIndexes(StorageIndexContract):
    """On each kind of database."""

    @pytest.fixture
    def storage(self, empty_storage: Storage) -> Storage:
        """An empty storage."""
        return empty_storage


class TestSqlPages(StoragePagesContract):
    """On each kind of database."""

    @pytest.fixture
    def storage(self, empty_storage: Storage) -> Storage:
        """An empty storage."""
        return empty_storage


class TestSqlUnique(StorageUniqueContract):
    """On each kind of database."""

    @pytest.fixture
    def storage(self, empty_storage: Storage) -> Storage:
        """An empty storage."""
        return empty_storage
