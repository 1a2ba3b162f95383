"""Finding plugins by the names that ``includes`` uses."""

from pathlib import Path

import pytest

from kinto_core.discovery import InstalledPlugin, find, find_all, installed
from kinto_core.errors import ConfigurationError


def install(folder: Path, *, name: str = "dist", entry: str = "", module: str = "") -> None:
    """Put a distribution with one module and one entry point into a folder."""
    (folder / f"{name}_module.py").write_text(module, encoding="utf-8")
    info = folder / f"{name}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    lines = f"[kinto.plugins]\n{entry} = {name}_module\n"
    (info / "entry_points.txt").write_text(lines, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that modules are imported from, in this test alone."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_short_names_of_built_in_plugins() -> None:
    found = find("flush")
    assert found.module.__name__ == "kinto_core.builtin.flush"
    assert found.version is None


def test_short_names_of_entry_points(folder: Path) -> None:
    install(folder, name="dist_a", entry="entry_a")
    found = find("entry_a")
    assert (found.module.__name__, found.distribution, found.version) == (
        "dist_a_module",
        "dist_a",
        "1.2",
    )
    assert InstalledPlugin("entry_a", "dist_a", "1.2") in installed()


def test_dotted_names(folder: Path) -> None:
    package = folder / "package_b"
    package.mkdir()
    (package / "inner.py").touch()
    assert find("package_b.inner").module.__name__ == "package_b.inner"


def test_built_in_plugins_are_listed_without_being_imported() -> None:
    assert InstalledPlugin("flush") in installed()


def test_every_problem_is_told_at_once_with_name_and_reason(folder: Path) -> None:
    (folder / "broken_c.py").write_text("import nothing_like_it", encoding="utf-8")
    (folder / "broken_d.py").write_text("1 / 0", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        find_all(["no_such_plugin", "flush", "broken_c", "broken_d", ".relative"])
    missing, *broken, relative = caught.value.problems
    assert "no plugin 'no_such_plugin'; installed are: " in missing
    assert "flush" in missing
    assert broken == [
        (
            "plugin 'broken_c' cannot be imported: ModuleNotFoundError:"
            " No module named 'nothing_like_it'"
        ),
        "plugin 'broken_d' cannot be imported: ZeroDivisionError: division by zero",
    ]
    assert "'.relative'" in relative


def test_an_entry_point_that_fails_is_told(folder: Path) -> None:
    install(folder, name="dist_e", entry="entry_e", module="raise RuntimeError('out of ink')")
    with pytest.raises(ConfigurationError, match=r"'entry_e'.*RuntimeError: out of ink"):
        find("entry_e")


def test_two_plugins_of_one_name_are_not_guessed_between(folder: Path) -> None:
    install(folder, name="dist_f", entry="entry_f")
    install(folder, name="dist_g", entry="entry_f")
    with pytest.raises(ConfigurationError, match="dist_f and dist_g: write the dotted name"):
        find("entry_f")


def test_repeated_names_are_found_once() -> None:
    assert [plugin.name for plugin in find_all(["flush", "flush"])] == ["flush"]
