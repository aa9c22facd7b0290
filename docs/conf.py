"""Sphinx settings: MyST pages, the Furo theme, nothing fetched from elsewhere."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
_INIT = (ROOT / "src" / "gridrider" / "__init__.py").read_text(encoding="utf-8")

project = "gridrider"
author = "the gridrider contributors"
project_copyright = author
version = release = re.findall(r'__version__ = "(.+?)"', _INIT)[0]

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "decisions/_template.md"]
nitpicky = True

html_theme = "furo"
html_title = f"gridrider {version}"
html_static_path: list[str] = []
html_copy_source = False
