"""Uploads in parts that somebody began in an S3 bucket and never completed: found and taken back.

Their parts are kept, and paid for, but no listing of objects shows them. The library that moves
the bytes has no way to list them, so another one is asked, which is optional:
``kinto-attachment[s3]``. The only file that knows botocore; nothing else of S3 belongs here.

Source: Amazon S3 API, ``ListMultipartUploads``, ``ListParts``, ``AbortMultipartUpload``.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

from kinto_attachment.settings import AttachmentSettings
from kinto_attachment.store.interface import StoreUnavailable, Unfinished

try:
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError
    from botocore.session import Session
except ImportError:
    IS_AVAILABLE = False
else:
    IS_AVAILABLE = True

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest
    from types_boto3_s3 import S3Client

MISSING: Final = (
    "install kinto-attachment[s3] to have them found, or give the bucket a rule"
    " AbortIncompleteMultipartUpload"
)


class S3Bucket:
    """The bucket of the settings; nobody is asked for it, or for keys, until it is used.

    Args:
        settings: where it is, and whose requests these are; without keys in them, botocore finds
            those of the machine.
    """

    def __init__(self, settings: AttachmentSettings) -> None:
        self._settings = settings
        self._name = settings.aws_bucket_name

    def unfinished(self, folder: str, before: int) -> Iterator[Unfinished]:
        """The uploads below a folder to which nothing came since a moment in milliseconds.

        Raises:
            StoreUnavailable: the bucket is away, or refuses; or the library is not installed.
        """
        with _told():
            pages = self._client.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self._name, Prefix=f"{folder}/"):
                for one in page.get("Uploads", ()):
                    upload = Unfinished(one["Key"], one["UploadId"])
                    begun = _milliseconds(one["Initiated"])
                    if begun <= before and self._last_part(upload) <= before:
                        yield upload

    def abort(self, upload: Unfinished) -> None:
        """Give an upload up; its parts go. One that is not there any more is no matter.

        Raises:
            StoreUnavailable: the bucket is away, or refuses; or the library is not installed.
        """
        with _told(), suppress(self._client.exceptions.NoSuchUpload):
            self._client.abort_multipart_upload(
                Bucket=self._name, Key=upload.key, UploadId=upload.upload_id
            )

    def _last_part(self, upload: Unfinished) -> int:
        """When its last part came, in milliseconds; 0 without one."""
        moment = 0
        with suppress(self._client.exceptions.NoSuchUpload):
            pages = self._client.get_paginator("list_parts")
            for page in pages.paginate(
                Bucket=self._name, Key=upload.key, UploadId=upload.upload_id
            ):
                parts = (_milliseconds(one["LastModified"]) for one in page.get("Parts", ()))
                moment = max(moment, *parts, 0)
        return moment

    @cached_property
    def _client(self) -> "S3Client":
        """Sends the requests; each is tried once, because the next sweep tries again."""
        settings = self._settings
        session = Session()
        session.set_default_client_config(  # for those who are asked for keys, too
            Config(
                connect_timeout=settings.aws_timeout,
                read_timeout=settings.aws_timeout,
                retries={"total_max_attempts": 1},
            )
        )
        has_keys = bool(settings.aws_access_key)
        is_virtual = not (settings.aws_host or settings.aws_use_path_style)
        made = session.create_client(
            "s3",
            region_name=settings.aws_region,
            endpoint_url=settings.aws_endpoint,
            # What the system trusts, like the library that moves the bytes.
            verify=session.get_config_variable("ca_bundle")
            or ssl.get_default_verify_paths().cafile,
            aws_access_key_id=settings.aws_access_key if has_keys else None,
            aws_secret_access_key=settings.aws_secret_key if has_keys else None,
            config=Config(
                s3={
                    "addressing_style": "virtual" if is_virtual else "path",
                    "us_east_1_regional_endpoint": "regional",
                }
            ),
        )
        client = cast("S3Client", made)
        if settings.aws_host and not settings.aws_use_path_style:
            client.meta.events.register("before-sign.s3", self._leave_name_out)
        return client

    def _leave_name_out(self, request: "AWSRequest", **_: object) -> None:
        """Ask ``aws.host`` as it is: without path style, the bucket is all of that host."""
        parts = urlsplit(request.url or "")
        path = parts.path.removeprefix(f"/{self._name}") or "/"
        request.url = parts._replace(path=path).geturl()


@contextmanager
def _told() -> Iterator[None]:
    """Says with an error of ours what botocore found, what an answer lacks, or what to install."""
    if not IS_AVAILABLE:
        raise StoreUnavailable(MISSING)
    try:
        yield
    except ClientError as error:
        raise _unavailable(error.response["Error"].get("Code", "refused")) from error
    except (BotoCoreError, ResponseParserError, KeyError, ValueError) as error:
        raise _unavailable(type(error).__name__) from error


def _milliseconds(moment: datetime) -> int:
    """A moment in milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


def _unavailable(reason: str) -> StoreUnavailable:
    return StoreUnavailable(f"the store of files cannot list unfinished uploads: {reason}")
