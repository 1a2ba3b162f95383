"""What the description of the API says of this plugin's endpoints: OpenAPI path items.

Data and nothing else; what the endpoints do is in ``uploading.py``, ``tus.py``, ``serving.py``.

Source: attachment A-4, A-7, A-10, A-25; tus 1.0.0; OpenAPI (Swagger) 2.0.
"""

from typing import Any

from kinto_attachment.metadata import FIELD
from kinto_attachment.tus_headers import ALGORITHMS, MEDIA_TYPE, VERSION
from kinto_core.http.openapi_parts import PRECONDITIONS, Json, errors, path_id

_TAG = "Attachments"
_RECORD = [path_id("bucket_id"), path_id("collection_id"), path_id("record_id")]
_TEXT: Json = {"type": "string"}
_FILE: Json = {"type": "string", "format": "binary"}
_SHOWN: Json = {
    "type": "object",
    "properties": {
        "filename": _TEXT,
        "location": _TEXT,
        "hash": _TEXT,
        "mimetype": _TEXT,
        "size": {"type": "integer", "minimum": 0},
    },
    "required": ["filename", "location", "hash", "mimetype", "size"],
}
_LARGEST = 10**18 - 1
"""Numbers in headers have at most 18 digits."""


def _parameter(name: str, place: str, kind: str, **more: Any) -> Json:  # noqa: ANN401  JSON
    return {"name": name, "in": place, "type": kind, **more}


def _header(name: str, kind: str = "string", **more: Any) -> Json:  # noqa: ANN401  JSON
    return _parameter(name, "header", kind, **more)


def _operation(name: str, parameters: list[Json], responses: Json, **more: Any) -> Json:  # noqa: ANN401  JSON
    return {
        "operationId": name,
        "tags": [_TAG],
        "parameters": parameters,
        "responses": responses,
        **more,
    }


def _answer(text: str, schema: Json | None = None) -> Json:
    return {"description": text} if schema is None else {"description": text, "schema": schema}


_SPOKEN = _header("Tus-Resumable", required=True, enum=[VERSION])
_LENGTH = {"required": True, "minimum": 0, "maximum": _LARGEST, "format": "int64"}

ATTACHMENT: Json = {
    "parameters": _RECORD,
    "post": _operation(
        "create_attachment",
        [
            _parameter(FIELD, "formData", "file", required=True),
            _parameter("data", "formData", "string", description="A JSON object."),
            _parameter("permissions", "formData", "string", description="A JSON object."),
            *PRECONDITIONS,
        ],
        {
            "200": _answer("The record has another file.", _SHOWN),
            "201": _answer("The record was created.", _SHOWN),
            **errors("400", "401", "403", "404", "412", "413"),
        },
        consumes=["multipart/form-data"],
    ),
    "delete": _operation(
        "delete_attachment",
        [*PRECONDITIONS],
        {
            "204": _answer("The record has no file any more."),
            **errors("400", "401", "403", "404", "412"),
        },
    ),
}

FILE: Json = {
    "parameters": [path_id("path")],
    **{
        method: _operation(
            f"{method}_attachment_file",
            [*PRECONDITIONS, _header("Range"), _header("If-Range")],
            {
                "200": _answer("The file.", _FILE),
                "206": _answer("A part of the file.", _FILE),
                "304": _answer("The caller has this content."),
                **errors("401", "403", "404", "412", "416"),
            },
            produces=["application/octet-stream"],
        )
        for method in ("get", "head")
    },
}

UPLOADS: Json = {
    "parameters": _RECORD,
    "post": _operation(
        "create_attachment_upload",
        [
            _SPOKEN,
            _header("Upload-Length", "integer", **_LENGTH),
            _header(
                "Upload-Metadata",
                required=True,
                description="Pairs of a name and a value in base64, separated by commas:"
                " `filename` is needed; `filetype`, `data` and `permissions` are welcome.",
            ),
            *PRECONDITIONS,
        ],
        {
            "201": _answer("The upload has begun; `Location` says where to send it."),
            **errors("400", "401", "403", "404", "412", "413"),
        },
    ),
}

UPLOAD: Json = {
    "parameters": [*_RECORD, path_id("upload_id")],
    "head": _operation(
        "get_attachment_upload",
        [_SPOKEN],
        {
            "200": _answer("`Upload-Offset` says how many bytes are there."),
            **errors("401", "403", "404", "412"),
        },
    ),
    "patch": _operation(
        "patch_attachment_upload",
        [
            _SPOKEN,
            _header("Upload-Offset", "integer", **_LENGTH),
            _header(
                "Upload-Checksum", description=f"One of {', '.join(ALGORITHMS)}, and a digest."
            ),
            {
                "name": "body",
                "in": "body",
                "required": True,
                "schema": _FILE,
            },
        ],
        {
            "204": _answer("The bytes are safe."),
            **errors("400", "401", "403", "404", "409", "412", "413", "415"),
        },
        consumes=[MEDIA_TYPE],
    ),
    "delete": _operation(
        "delete_attachment_upload",
        [_SPOKEN],
        {"204": _answer("The upload was given up."), **errors("401", "403", "404", "412")},
    ),
}
