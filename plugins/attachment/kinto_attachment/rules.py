"""What the settings say for one bucket or collection, checked at the start.

The collection wins over the bucket and the bucket over everything else, for every kind of request.

Source: attachment A-31, A-49, A-53.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from string import Formatter
from typing import Any

from kinto_attachment.settings import AttachmentSettings
from kinto_core.errors import ConfigurationError
from kinto_core.settings.conversion import FALSE, TRUE

FOLDER_FIELDS = frozenset({"bucket_id", "collection_id", "id"})
PATTERN_FIELDS = frozenset({"datetime", "rid", "filename"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for the files of one collection.

    Attributes:
        randomize: whether paths have random names.
        keep_old_files: whether replaced and deleted files stay.
        max_size_bytes: of one file; ``None``: no limit.
        filename_pattern: how the last part of the path is made.
        private: whether a download needs the permission to read the record.
    """

    randomize: bool
    keep_old_files: bool
    max_size_bytes: int | None
    filename_pattern: str
    private: bool


class RuleBook:
    """The rules of every collection.

    Args:
        settings: of the plugin.

    Raises:
        ConfigurationError: a sentence for each setting that cannot work.
    """

    def __init__(self, settings: AttachmentSettings) -> None:
        self._everywhere = Rules(
            randomize=settings.randomize,
            keep_old_files=settings.keep_old_files,
            max_size_bytes=settings.max_size_bytes,
            filename_pattern=settings.filename_pattern,
            private=settings.private,
        )
        self._overrides: dict[str, dict[str, Any]] = {}
        problems = _unknown_fields("folder", settings.folder, FOLDER_FIELDS)
        problems += _pattern_problems("filename_pattern", settings.filename_pattern)
        for key, text in settings.resources.items():
            problems += self._override(key, text)
        if problems:
            raise ConfigurationError([f"attachment.{problem}" for problem in problems])

    def of(self, bucket_id: str, collection_id: str) -> Rules:
        """The rules of one collection."""
        if not self._overrides:
            return self._everywhere
        bucket = self._overrides.get(bucket_id, {})
        collection = self._overrides.get(f"{bucket_id}.{collection_id}", {})
        return replace(self._everywhere, **{**bucket, **collection})

    def _override(self, key: str, text: str) -> list[str]:
        """Note one ``resources.*`` setting; gives what is wrong with it."""
        place, _, name = key.rpartition(".")
        if not place or place.count(".") > 1:
            text = "resources.<bucket>.<name> or resources.<bucket>.<collection>.<name>"
            return [f"resources.{key}: expected {text}"]
        convert = _CONVERSIONS.get(name)
        if convert is None:
            return [f"resources.{key}: {name!r} is none of {', '.join(sorted(_CONVERSIONS))}"]
        try:
            value = convert(text.strip())
        except ValueError as error:
            return [f"resources.{key} = {text}: expected {error}"]
        self._overrides.setdefault(place, {})[name] = value
        return []


def _boolean(text: str) -> bool:
    if text.lower() in TRUE | FALSE:
        return text.lower() in TRUE
    message = "true or false"
    raise ValueError(message)


def _size(text: str) -> int | None:
    if not text.isdecimal():
        message = "a whole number of bytes; 0 for no limit"
        raise ValueError(message)
    return int(text) or None


def _pattern(text: str) -> str:
    problems = _pattern_problems("", text)
    if problems:
        message = "text with {datetime}, {rid} and {filename}, without slashes"
        raise ValueError(message)
    return text


_CONVERSIONS: Mapping[str, Callable[[str], Any]] = {
    "randomize": _boolean,
    "keep_old_files": _boolean,
    "max_size_bytes": _size,
    "filename_pattern": _pattern,
    "private": _boolean,
}


def _pattern_problems(name: str, text: str) -> list[str]:
    if "/" in text or "{filename}" not in text:
        return [f"{name} = {text}: must have {{filename}} and no slash"]
    return _unknown_fields(name, text, PATTERN_FIELDS)


def _unknown_fields(name: str, text: str, known: frozenset[str]) -> list[str]:
    """What is wrong with the placeholders of a text."""
    try:
        fields = {field for _, field, _, _ in Formatter().parse(text) if field is not None}
    except ValueError as error:
        return [f"{name} = {text}: {error}"]
    return [
        f"{name} = {text}: {{{field}}} is none of {', '.join(sorted(known))}"
        for field in sorted(fields - known)
    ]
