"""Where the data that comes with gridrider lies: beside the source in a checkout, inside the package elsewhere."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def tariffs_folder() -> Path:
    """The folder of tariffs: the checkout's when the package runs from one, else the copy in the package.

    A tariff is then `tariffs_folder() / "pge/elrp-a4/tariff.yaml"`. Raises FileNotFoundError when neither is
    there, which means a damaged installation.
    """
    checkout = PACKAGE.parents[1]
    beside = checkout / "tariffs"
    if PACKAGE.parent.name == "src" and (checkout / "pyproject.toml").is_file() and beside.is_dir():
        return beside
    packaged = PACKAGE / "_tariffs"
    if packaged.is_dir():
        return packaged
    raise FileNotFoundError(f"no tariffs at {beside} or {packaged}; install gridrider again")
