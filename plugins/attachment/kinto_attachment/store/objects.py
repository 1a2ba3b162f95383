"""Files in object storage: S3 and what speaks its protocol, Google Cloud Storage, Azure.

The only file that knows obstore.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, ObjectStore, S3Store

from kinto_attachment.settings import AttachmentSettings
from kinto_attachment.store.interface import (
    BLOBS,
    PIECES,
    FileMissing,
    StoredFile,
    StoreUnavailable,
    Unfinished,
)
from kinto_attachment.store.s3_unfinished import S3Bucket

if TYPE_CHECKING:
    from obstore.store import S3Config

PART = 8 * 1024 * 1024
"""Larger files travel in parts of so many bytes, of which at most ``AT_ONCE`` are in memory."""
AT_ONCE = 2
READ = 256 * 1024
_PAGE = 500


class ObjectFiles:
    """A bucket or container; see ``Store`` for each method.

    Args:
        store: of obstore.
        bucket: finds what was begun and never completed, where there is such a thing.
    """

    def __init__(self, store: ObjectStore, bucket: S3Bucket | None = None) -> None:
        self._store = store
        self._bucket = bucket

    def save(self, key: str, chunks: Iterable[bytes], media_type: str) -> None:
        """See ``Store.save``; when ``chunks`` raises, the parts that were sent are taken back.

        A small file is one request: it is there or it is not, and no part of it stays behind.
        """
        rest = iter(chunks)
        first = bytearray()
        while len(first) <= PART and (chunk := next(rest, None)) is not None:
            first += chunk
        is_small = len(first) <= PART
        try:
            obstore.put(
                self._store,
                key,
                bytes(first) if is_small else _all_of(first, rest),
                attributes={"Content-Type": media_type},
                use_multipart=not is_small,
                chunk_size=PART,
                max_concurrency=AT_ONCE,
            )
        except BaseError as error:
            raise _unavailable(error) from error

    def read(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """See ``Store.read``."""
        if stop <= start:
            return iter(())
        try:
            found = obstore.get(self._store, key, options={"range": (start, stop)})
        except FileNotFoundError as error:
            raise FileMissing(key) from error
        except BaseError as error:
            raise _unavailable(error) from error
        return (bytes(chunk) for chunk in found.stream(min_chunk_size=READ))

    def delete(self, keys: Iterable[str]) -> None:
        """See ``Store.delete``."""
        waiting = list(keys)
        while waiting:
            some, waiting = waiting[:_PAGE], waiting[_PAGE:]
            try:
                obstore.delete(self._store, some)
            except FileNotFoundError:
                continue
            except BaseError as error:
                raise _unavailable(error) from error

    def size(self, key: str) -> int | None:
        """See ``Store.size``."""
        try:
            return obstore.head(self._store, key)["size"]
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise _unavailable(error) from error

    def files(self) -> Iterator[StoredFile]:
        """See ``Store.files``."""
        for folder in (BLOBS, PIECES):
            try:
                for page in obstore.list(self._store, prefix=folder, chunk_size=_PAGE):
                    for one in page:
                        moment = int(one["last_modified"].timestamp() * 1000)
                        yield StoredFile(one["path"], one["size"], moment)
            except BaseError as error:
                raise _unavailable(error) from error

    def unfinished(self, before: int) -> Iterator[Unfinished]:
        """See ``Store.unfinished``; only S3 tells, and only with ``kinto-attachment[s3]``."""
        if self._bucket is not None:
            for folder in (BLOBS, PIECES):
                yield from self._bucket.unfinished(folder, before)

    def abort(self, file: Unfinished) -> None:
        """See ``Store.abort``."""
        if self._bucket is not None:
            self._bucket.abort(file)


def s3(settings: AttachmentSettings) -> ObjectFiles:
    """The S3 bucket of the settings."""
    endpoint: S3Config = {}
    if settings.aws_endpoint:
        endpoint["endpoint"] = settings.aws_endpoint
    if settings.aws_access_key:
        endpoint["access_key_id"] = settings.aws_access_key
        endpoint["secret_access_key"] = settings.aws_secret_key
    return ObjectFiles(
        S3Store(
            settings.aws_bucket_name,
            config=endpoint,
            region=settings.aws_region,
            virtual_hosted_style_request=not settings.aws_use_path_style,
            client_options={
                "allow_http": not settings.aws_is_secure,
                "timeout": timedelta(seconds=settings.aws_timeout),
            },
            retry_config={"max_retries": settings.aws_num_retries},
        ),
        S3Bucket(settings),
    )


def google(settings: AttachmentSettings) -> ObjectFiles:
    """The Google Cloud Storage bucket of the settings."""
    account = str(settings.gcloud_credentials) if settings.gcloud_credentials else None
    return ObjectFiles(GCSStore(settings.gcloud_bucket_name, service_account=account))


def azure(settings: AttachmentSettings) -> ObjectFiles:
    """The Azure container of the settings."""
    return ObjectFiles(
        AzureStore(
            settings.azure_container,
            account_name=settings.azure_account or None,
            account_key=settings.azure_access_key or None,
        )
    )


def _all_of(first: bytearray, rest: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes that were taken already, which are let go of, and those that are to come."""
    yield bytes(first)
    first.clear()
    yield from rest


def _unavailable(error: Exception) -> StoreUnavailable:
    return StoreUnavailable(f"the store of files cannot be used: {type(error).__name__}")
