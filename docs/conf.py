"""Settings of Sphinx for the manual; ``make docs`` builds it with warnings as errors."""

from importlib import metadata

project = "Kinto Core"
author = "The Kinto Core authors"
release = metadata.version("kinto-core")

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "examples", "reference/hook_examples"]

html_theme = "furo"
html_title = f"Kinto Core {release}"
