"""From texts to `Settings`: the file, the environment and the defaults, checked together.

What single values mean is ``conversion.py``'s business; whether they fit each other is decided
here and in ``consistency.py``.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from kinto_core.errors import ConfigurationError
from kinto_core.settings.consistency import completed, contradictions
from kinto_core.settings.core import Settings
from kinto_core.settings.setting import settings_of
from kinto_core.settings.sources import sources
from kinto_core.settings.tables import Reading
from kinto_core.settings.unknown import is_declared


def load(
    values: Mapping[str, object] | None = None,
    *,
    ini: Path | None = None,
    environ: Mapping[str, str] | None = None,
    allow_weak: bool = False,
) -> tuple[Settings, list[str]]:
    """The settings, and warnings for the operator.

    Environment beats values and file; values beat the file. Names that nobody knows are reported
    by `Settings.with_plugins`, because they may be a plugin's.

    Args:
        values: names, with or without ``kinto.``, and texts or plain values.
        ini: a file with section ``[app:main]``.
        environ: variables to look at, such as ``os.environ``; none by default.
        allow_weak: accept missing and short secrets. For tests only.

    Raises:
        ConfigurationError: lists every problem: the name, the value, where it is written and what
            was expected.
    """
    known = sources(values, ini, environ)
    declared = settings_of(Settings)
    texts = known.texts(declared)
    reading = Reading(texts)
    attributes = reading.attributes(Settings)
    extra = {
        name: written[0].value for name, written in texts.items() if not is_declared(name, declared)
    }
    settings = Settings(
        **attributes,
        extra=MappingProxyType(extra),
        origins=MappingProxyType(reading.origins),
        sources=known,
    )
    settings, warnings = completed(settings)
    problems = [*reading.problems, *contradictions(settings, allow_weak=allow_weak)]
    if problems:
        raise ConfigurationError(problems)
    return settings.with_warnings(warnings), warnings
