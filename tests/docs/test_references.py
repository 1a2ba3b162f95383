"""Generated pages are complete, and each hook's example is a working plugin."""

import subprocess
import sys
from pathlib import Path

import pytest

from kinto_core import hookspecs
from kinto_core.settings.groups import GROUPS
from kinto_core.settings.setting import settings_of
from kinto_core.testing import make_server
from tests.docs.manual import ROOT

REFERENCE = ROOT / "docs" / "reference"
EXAMPLES = REFERENCE / "hook_examples"
HOOKS = sorted(name for name, one in vars(hookspecs).items() if hasattr(one, "kinto_spec"))


def test_generated_pages_are_up_to_date_whatever_server_runs_here(tmp_path: Path) -> None:
    (tmp_path / "kinto.ini").write_text("[app:main]\nkinto.includes = quotas\n")
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("hook", HOOKS)
def test_the_example_of_a_hook_is_a_plugin_that_implements_it(
    hook: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Under a name of its own: modules of other tests may be called the same.
    (tmp_path / f"example_of_{hook}.py").write_text((EXAMPLES / f"{hook}.py").read_text())
    monkeypatch.syspath_prepend(tmp_path)
    with make_server({"includes": f"example_of_{hook}"}) as server:
        assert server.plugins.implements(hook)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_and_its_arguments_are_in_the_manual(hook: str) -> None:
    page = (REFERENCE / "hooks.md").read_text()
    assert f"## {hook}\n" in page
    arguments = getattr(hookspecs, hook).__code__.co_varnames
    section = page.partition(f"## {hook}\n")[2].partition("\n## ")[0]
    assert [name for name in arguments if f"{name}: " not in section] == []


def test_every_setting_is_in_the_manual() -> None:
    page = (REFERENCE / "settings.md").read_text().replace("\\|", "|")
    names = [one.name for group in GROUPS for one in settings_of(group)]
    assert [name for name in names if f"`{name}`" not in page] == []
