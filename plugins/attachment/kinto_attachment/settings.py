"""What an operator can set. What follows for one collection is worked out in ``rules.py``.

The names are those of the protocol. Source: attachment section 12.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from kinto_core import setting

DEFAULT_LIMIT = 5 * 1024**3
"""The largest file that is accepted unless somebody says otherwise, in bytes."""

_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class AttachmentSettings:
    """The settings ``kinto.attachment.*``."""

    prefix: ClassVar[str] = "attachment."

    base_path: Path | None = setting(
        None,
        example="/var/lib/kinto/files",
        help="Folder where files are kept. Without it, object storage is used: `aws.bucket_name`,"
        " `gcloud.bucket_name` or `azure.container`.",
    )
    base_url: str = setting(
        "",
        example="https://storage.example.org/v1/attachments/",
        help="What stands before the path of a file in `attachment.location`; the root view tells"
        " it too. Empty: locations are relative, and the root view tells this server's own address,"
        " which ends in `/v1/attachments/`.",
    )
    extra_base_url: str = setting(
        "",
        name="extra.base_url",
        help="Shown in the root view instead of `base_url`, for records whose locations are"
        " relative.",
    )
    folder: str = setting(
        "",
        example="{bucket_id}/{collection_id}",
        help="What stands before the name of a file in its path: text, `{bucket_id}`,"
        " `{collection_id}` and `{id}`.",
    )
    randomize: bool = setting(
        default=True, help="Whether the path has a random name instead of the one sent."
    )
    keep_old_files: bool = setting(
        default=False, help="Whether files that were replaced or deleted stay."
    )
    max_size_bytes: int | None = setting(
        DEFAULT_LIMIT,
        minimum=0,
        unit="bytes",
        zero_means_none=True,
        help="Largest accepted file; 0: no limit.",
    )
    extensions: str = setting(
        "default",
        example="images+pdf",
        help="Accepted extensions and groups of them, joined with `+`: `documents`, `text`,"
        " `images`, `audio`, `video`, `data`, `scripts`, `archives`, `executables`, `default`,"
        " `any`.",
    )
    mimetypes: str = setting(
        "",
        example=".ftl:application/x-fluent;.wasm:application/wasm",
        help="Types that certain extensions always have, whatever the client says.",
    )
    filename_pattern: str = setting(
        "{filename}",
        example="{datetime}-{rid}-{filename}",
        help="How the last part of the path is made: `{datetime}`, `{rid}` (the record's id) and"
        " `{filename}`.",
    )
    private: bool = setting(
        default=False,
        help="Whether a download needs the permission to read the record. A collection can ask for"
        " it, too, with its attribute `private_attachments`.",
    )
    resources: Mapping[str, str] = setting(
        _NOTHING,
        pattern="resources.{key}",
        example="attachment.resources.blog.articles.max_size_bytes = 1000000",
        help="`randomize`, `keep_old_files`, `max_size_bytes`, `filename_pattern` and `private` of"
        " one bucket (`resources.<bucket>.<name>`) or collection"
        " (`resources.<bucket>.<collection>.<name>`).",
    )
    grace_seconds: float = setting(
        3600.0,
        minimum=0,
        unit="seconds",
        help="Files in the store that the database does not know are removed when they are older:"
        " younger ones may belong to a request that goes on.",
    )
    upload_expiration_seconds: float = setting(
        86400.0,
        minimum=60,
        unit="seconds",
        help="How long a resumable upload waits for its next piece.",
    )
    aws_bucket_name: str = setting("", name="aws.bucket_name", help="S3 bucket that keeps files.")
    aws_access_key: str = setting("", name="aws.access_key", secret=True, help="S3 key.")
    aws_secret_key: str = setting("", name="aws.secret_key", secret=True, help="S3 secret.")
    aws_region: str = setting("us-east-1", name="aws.region", help="Region of the S3 bucket.")
    aws_host: str = setting(
        "", name="aws.host", help="Another server that speaks the S3 protocol; with `aws.port`."
    )
    aws_port: int | None = setting(
        None, minimum=1, maximum=65535, name="aws.port", help="Port of `aws.host`."
    )
    aws_is_secure: bool = setting(
        default=True, name="aws.is_secure", help="Whether `aws.host` is spoken to with TLS."
    )
    aws_use_path_style: bool = setting(
        default=False,
        name="aws.use_path_style",
        help="Whether the bucket's name stands in the path rather than in the host name.",
    )
    aws_timeout: float = setting(
        30.0, minimum=0.1, unit="seconds", name="aws.timeout", help="Longest wait for S3."
    )
    aws_num_retries: int = setting(
        3, minimum=0, maximum=20, unit="times", name="aws.num_retries", help="Tries after failures."
    )
    gcloud_bucket_name: str = setting(
        "", name="gcloud.bucket_name", help="Google Cloud Storage bucket that keeps files."
    )
    gcloud_credentials: Path | None = setting(
        None, name="gcloud.credentials", help="File of the Google service account."
    )
    azure_container: str = setting(
        "", name="azure.container", help="Azure Blob Storage container that keeps files."
    )
    azure_account: str = setting("", name="azure.account", help="Azure storage account.")
    azure_access_key: str = setting("", name="azure.access_key", secret=True, help="Azure key.")

    @property
    def aws_endpoint(self) -> str | None:
        """The URL of ``aws.host``; ``None`` for the servers of Amazon."""
        if not self.aws_host:
            return None
        scheme = "https" if self.aws_is_secure else "http"
        port = f":{self.aws_port}" if self.aws_port else ""
        return f"{scheme}://{self.aws_host}{port}"
