"""Uploads in parts that somebody began in an S3 bucket and never completed: found and taken back.

Their parts are kept, and paid for, but no listing of objects shows them. The library that moves
the bytes has no way to list them, so these few requests are signed and sent here. Nothing else of
the protocol belongs here.

Source: Amazon S3 API, ``ListMultipartUploads``, ``ListParts``, ``AbortMultipartUpload``; Signature
Version 4.
"""

import hashlib
import hmac
import http.client
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

from kinto_attachment.settings import AttachmentSettings
from kinto_attachment.store.interface import StoreUnavailable, Unfinished

_EMPTY = hashlib.sha256().hexdigest()
_SIGNED = "host;x-amz-content-sha256;x-amz-date"
_GONE = 404
_REFUSED = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Bucket:
    """Where a bucket is, and who asks.

    Attributes:
        host: and port, as the ``Host`` header has them.
        path: of the bucket, ``/`` or ``/name``, without a slash at its end unless it is the root.
        is_secure: whether TLS is spoken.
        region: of the bucket.
        access_key: whose requests these are.
        secret_key: signs them.
        timeout_seconds: longest wait.
    """

    host: str
    path: str
    is_secure: bool
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    timeout_seconds: float

    @classmethod
    def of(cls, settings: AttachmentSettings) -> "S3Bucket | None":
        """The bucket of the settings; ``None`` when they do not say whose requests these are."""
        if not settings.aws_access_key:
            return None
        name = settings.aws_bucket_name
        if settings.aws_host:
            port = f":{settings.aws_port}" if settings.aws_port else ""
            host = f"{settings.aws_host}{port}"
        else:
            host = f"s3.{settings.aws_region}.amazonaws.com"
            if not settings.aws_use_path_style:
                host = f"{name}.{host}"
        return cls(
            host=host,
            path=f"/{name}" if settings.aws_use_path_style else "/",
            is_secure=settings.aws_is_secure or not settings.aws_host,
            region=settings.aws_region,
            access_key=settings.aws_access_key,
            secret_key=settings.aws_secret_key,
            timeout_seconds=settings.aws_timeout,
        )

    def unfinished(self, folder: str, before: int) -> Iterator[Unfinished]:
        """The uploads below a folder to which nothing came since a moment in milliseconds.

        Raises:
            StoreUnavailable: the bucket is away, or refuses.
        """
        marker: dict[str, str] = {}
        while True:
            page = self._ask("GET", "", {"uploads": "", "prefix": f"{folder}/", **marker})
            if page is None:
                return
            for one in _children(page, "Upload"):
                key, upload_id = _text(one, "Key"), _text(one, "UploadId")
                begun = _moment(_text(one, "Initiated"))
                if begun <= before and self._last_part(key, upload_id) <= before:
                    yield Unfinished(key, upload_id)
            if _text(page, "IsTruncated") != "true":
                return
            marker = {
                "key-marker": _text(page, "NextKeyMarker"),
                "upload-id-marker": _text(page, "NextUploadIdMarker"),
            }

    def abort(self, upload: Unfinished) -> None:
        """Give an upload up; its parts go. One that is not there any more is no matter.

        Raises:
            StoreUnavailable: the bucket is away, or refuses.
        """
        self._ask("DELETE", upload.key, {"uploadId": upload.upload_id})

    def _last_part(self, key: str, upload_id: str) -> int:
        """When its last part came, in milliseconds; 0 without one."""
        moment, marker = 0, "0"
        while True:
            query = {"uploadId": upload_id, "part-number-marker": marker}
            page = self._ask("GET", key, query)
            if page is None:
                return moment
            parts = [_moment(_text(one, "LastModified")) for one in _children(page, "Part")]
            moment = max([moment, *parts])
            if _text(page, "IsTruncated") != "true":
                return moment
            marker = _text(page, "NextPartNumberMarker")

    def _ask(self, method: str, key: str, query: Mapping[str, str]) -> ET.Element | None:
        """The document that answers a request; ``None`` when there is no such upload."""
        path = f"{self.path.rstrip('/')}/{quote(key)}" if key else self.path
        text = urlencode(sorted(query.items()), quote_via=quote, safe="")
        headers = self.signed(method, path, text, datetime.now(UTC))
        kind = http.client.HTTPSConnection if self.is_secure else http.client.HTTPConnection
        connection = kind(self.host, timeout=self.timeout_seconds)
        try:
            connection.request(method, f"{path}?{text}", headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise _unavailable(type(error).__name__) from error
        finally:
            connection.close()
        if answer.status == _GONE:
            return None
        if answer.status >= _REFUSED:
            reason = f"status {answer.status}"
            raise _unavailable(reason)
        return _parsed(body)

    def signed(self, method: str, path: str, query: str, moment: datetime) -> dict[str, str]:
        """The headers of a request without a body. Source: Signature Version 4.

        Args:
            method: of the request.
            path: percent-encoded.
            query: sorted and percent-encoded.
            moment: in UTC.
        """
        stamp = moment.strftime("%Y%m%dT%H%M%SZ")
        day = stamp[:8]
        canonical = "\n".join(
            (
                method,
                path,
                query,
                f"host:{self.host}\nx-amz-content-sha256:{_EMPTY}\nx-amz-date:{stamp}\n",
                _SIGNED,
                _EMPTY,
            )
        )
        scope = f"{day}/{self.region}/s3/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        secret = f"AWS4{self.secret_key}".encode()
        for word in (day, self.region, "s3", "aws4_request"):
            secret = hmac.digest(secret, word.encode(), "sha256")
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
        signature = hmac.digest(secret, text.encode(), "sha256").hex()
        return {
            "Host": self.host,
            "x-amz-content-sha256": _EMPTY,
            "x-amz-date": stamp,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope},"
            f"SignedHeaders={_SIGNED},Signature={signature}",
        }


def _parsed(body: bytes) -> ET.Element:
    """The document; that of a request that is answered with nothing is empty."""
    try:
        return ET.fromstring(body or b"<Nothing/>")  # noqa: S314  our own store says it
    except ET.ParseError as error:
        reason = "an answer that is no XML"
        raise _unavailable(reason) from error


def _children(document: ET.Element, name: str) -> list[ET.Element]:
    """The elements of a name, in whatever namespace."""
    return document.findall(f"{{*}}{name}")


def _text(document: ET.Element, name: str) -> str:
    return document.findtext(f"{{*}}{name}") or ""


def _moment(text: str) -> int:
    """A moment in milliseconds since 1970."""
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError as error:
        reason = "a moment that cannot be read"
        raise _unavailable(reason) from error


def _unavailable(reason: str) -> StoreUnavailable:
    return StoreUnavailable(f"the store of files cannot list unfinished uploads: {reason}")
