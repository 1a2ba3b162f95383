"""Where texts of settings come from: an ini file, a mapping, the environment.

Nothing is converted here. `Sources` keeps every text with its origin, because a plugin's table is
read later than the server's own, and because messages name the line or variable at fault.

Source: settings S-5 to S-14, SW-4, SW-5, SW-7.
"""

import configparser
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from kinto_core import json
from kinto_core.errors import ConfigurationError
from kinto_core.settings.setting import Setting, environment_name

PREFIX = "kinto."
_VARIABLE = "KINTO_"
_OTHER_VARIABLES = re.compile(
    r"KINTO_(INI|TEST_.*|SERVICE_(HOST|PORT.*)|PORT_[0-9]+_(TCP|UDP).*|BENCH_.*)"
)
"""Variables that are no settings: the file's path, and what container platforms add."""
_SERVICE_LINK = re.compile(r"(tcp|udp)://")
_SERVER_KEYS = ("host", "port", "workers", "threads")
_KEY_LINE = re.compile(r"(?P<key>[^\s#;\[=:][^=:]*?)\s*[=:]")
HYPHENATED_RESOURCES = ("user-data",)
"""Resource names that an environment variable cannot spell."""


@dataclass(frozen=True, slots=True)
class Text:
    """What is written for one setting, in one place.

    Attributes:
        name: of the setting, without ``kinto.``.
        value: the text as written.
        origin: where: ``kinto.ini line 12``, ``environment KINTO_X``.
        is_ours: whether the name was written with the prefix, so that it must be meant for us.
    """

    name: str
    value: str = field(repr=False)
    origin: str
    is_ours: bool = True


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that is written, before it is known what it means.

    Attributes:
        written: from the file or a mapping; the same name may stand there twice.
        environment: from variables, by the variable's name in full.
    """

    written: tuple[Text, ...] = ()
    environment: Mapping[str, Text] = field(default_factory=dict)

    def texts(self, declared: Iterable[Setting]) -> dict[str, list[Text]]:
        """What is written for each name; several texts only where they stand side by side.

        Variables beat what is written elsewhere. A name in capitals is the same as in lower case,
        except for the variable parts of families.

        Args:
            declared: settings that give names their spelling.
        """
        declared = tuple(declared)
        found: dict[str, list[Text]] = {}
        for text in self.written:
            found.setdefault(_spelled(text.name, declared), []).append(text)
        written = {environment_name(name): name for name in found}
        for variable, text in self.environment.items():
            name = written.get(variable) or _name_of_variable(variable, declared, self)
            found[name] = [text]
        return found


def sources(
    values: Mapping[str, object] | None,
    ini: Path | None,
    environ: Mapping[str, str] | None,
) -> Sources:
    """All texts; those of the mapping replace those of the file.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    given = read_values(values or {})
    names = {text.name for text in given}
    of_file = read_ini(ini, environ) if ini is not None else ()
    kept = tuple(text for text in of_file if text.name not in names)
    return Sources((*kept, *given), read_environment(environ or {}))


def read_values(values: Mapping[str, object]) -> tuple[Text, ...]:
    """The texts of a mapping of names, prefixed or not, to texts or plain values."""
    return tuple(
        Text(key.removeprefix(PREFIX), _text(value), f"setting {key}", key.startswith(PREFIX))
        for key, value in values.items()
    )


def read_environment(environ: Mapping[str, str]) -> Mapping[str, Text]:
    """The texts of the variables that start with ``KINTO_``, and of ``SENTRY_DSN``.

    Container platforms set ``KINTO_PORT=tcp://…`` when a service is called kinto; that is no port.
    """
    found = {}
    for variable, value in environ.items():
        name = "KINTO_SENTRY_DSN" if variable == "SENTRY_DSN" else variable
        is_link = name == "KINTO_PORT" and _SERVICE_LINK.match(value)
        if name.startswith(_VARIABLE) and not _OTHER_VARIABLES.fullmatch(name) and not is_link:
            lower = name.removeprefix(_VARIABLE).lower()
            found[name] = Text(lower, value, f"environment {variable}")
    return MappingProxyType(found)


def read_ini(path: Path, environ: Mapping[str, str] | None = None) -> tuple[Text, ...]:
    """The texts of section ``[app:main]``, and host, port, workers, threads of ``[server:main]``.

    ``%(here)s`` is the folder of the file and ``%(http_port)s`` the port (``KINTO_PORT`` or 8888).

    Raises:
        ConfigurationError: there is no such file, or it cannot be parsed; lists every bad value.
    """
    parser = _parsed(path, environ or {})
    lines = _line_numbers(path)
    problems: list[str] = []
    found = []
    for section, keys in (("server:main", _SERVER_KEYS), ("app:main", None)):
        if not parser.has_section(section):
            continue
        for key in parser.options(section):
            line = lines.get((section, key))
            if line is None or key == "use" or (keys is not None and key not in keys):
                continue
            origin = f"{path.name} line {line}"
            try:
                value = parser.get(section, key)
            except configparser.InterpolationError:
                problems.append(f"{key} ({origin}): a % must be written %% in the file")
                continue
            is_ours = key.startswith(PREFIX) or keys is not None
            found.append(Text(key.removeprefix(PREFIX), value, origin, is_ours))
    if problems:
        raise ConfigurationError(problems)
    return tuple(found)


class _CaseKeepingParser(configparser.ConfigParser):
    """Names of buckets and collections stand in keys, and their case counts."""

    def optionxform(self, optionstr: str) -> str:
        """The key as written."""
        return optionstr


def _parsed(path: Path, environ: Mapping[str, str]) -> configparser.ConfigParser:
    port = environ.get("KINTO_PORT", "")
    defaults = {
        "here": str(path.resolve().parent).replace("%", "%%"),
        "__file__": str(path.resolve()).replace("%", "%%"),
        "http_port": port if port.isdecimal() else "8888",
    }
    parser = _CaseKeepingParser(defaults)
    try:
        with path.open(encoding="utf-8-sig") as file:
            parser.read_file(file, source=path.name)
    except FileNotFoundError as error:
        problem = f"{path}: there is no such file; write one with: kinto init --ini {path}"
        raise ConfigurationError([problem]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"{path}: cannot be read: {error}"]) from error
    except configparser.Error as error:
        text = " ".join(str(error).split())
        raise ConfigurationError([f"{path}: {text}"]) from error
    if not parser.has_section("app:main"):
        raise ConfigurationError([f"{path}: section [app:main] is missing"])
    return parser


def _line_numbers(path: Path) -> dict[tuple[str, str], int]:
    """The line of each key, by section and key."""
    found: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if line.startswith("["):
            section = line.strip().strip("[]")
        elif match := _KEY_LINE.match(line):
            found.setdefault((section, match["key"]), number)
    return found


def _text(value: object) -> str:
    """The text of a plain value given by a program."""
    return value if isinstance(value, str) else json.dumps(value)


def _spelled(name: str, declared: Iterable[Setting]) -> str:
    """A written name as it is declared: in lower case, if that is the known one."""
    lower = name.lower()
    if lower == name:
        return name
    for one in declared:
        if not one.pattern and lower == one.name:
            return lower
    if any(one.pattern and one.key(name) is not None for one in declared):
        return name
    return lower if any(one.pattern and one.key(lower) is not None for one in declared) else name


def _name_of_variable(variable: str, declared: tuple[Setting, ...], written: Sources) -> str:
    """The name of the setting that an environment variable stands for."""
    for one in declared:
        if not one.pattern and one.environment == variable:
            return one.name
    lower = variable.removeprefix(_VARIABLE).lower()
    for one in declared:
        if one.is_nested:
            name = _nested_name(one, variable, written)
            if name is not None:
                return name
    for resource in HYPHENATED_RESOURCES:
        spelled = resource.replace("-", "_")
        if lower.startswith(spelled + "_"):
            return resource + lower.removeprefix(spelled)
    return lower


def _nested_name(declared: Setting, variable: str, written: Sources) -> str | None:
    """The name of family ``{name}.{parameter}`` that a variable stands for.

    Names in use are the ones listed in the setting that lists them, and those written in the file;
    the longest that fits wins. Otherwise the name is one word.
    """
    head = declared.name[: declared.name.index("{")]
    start = environment_name(head)
    if not variable.startswith(start):
        return None
    rest = variable.removeprefix(start)
    for name in sorted(_names_in_use(declared, head, written), key=len, reverse=True):
        capitals = environment_name(name).removeprefix(_VARIABLE) + "_"
        if rest.startswith(capitals):
            return f"{head}{name}.{rest.removeprefix(capitals).lower()}"
    name, _, parameter = rest.partition("_")
    return f"{head}{name.lower()}.{parameter.lower()}" if parameter else None


def _names_in_use(declared: Setting, head: str, written: Sources) -> set[str]:
    names = {
        text.name.removeprefix(head).partition(".")[0]
        for text in written.written
        if text.name.startswith(head)
    }
    listed = declared.listed_in or ""
    lists = [text.value for text in written.written if text.name == listed]
    variable = written.environment.get(environment_name(listed))
    if variable is not None:
        lists.append(variable.value)
    for text in lists:
        names.update(re.findall(r"[^\s,\[\]\"]+", text))
    return names
