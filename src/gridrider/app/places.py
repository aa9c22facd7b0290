"""Where the data that comes with gridrider lies: beside the source in a checkout, inside the package elsewhere."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def tariffs_folder() -> Path:
    """The folder of tariffs: the checkout's when the package runs from one, else the copy in the package.

    A tariff is then `tariffs_folder() / "pge/elrp-a4/tariff.yaml"`. Raises FileNotFoundError when neither is
    there, which means a damaged installation.
    """
    return _folder("tariffs")


def seasons_folder() -> Path:
    """The folder of seasons that ship, likewise."""
    return _folder("seasons")


def _folder(name: str) -> Path:
    checkout = PACKAGE.parents[1]
    beside = checkout / name
    if PACKAGE.parent.name == "src" and (checkout / "pyproject.toml").is_file() and beside.is_dir():
        return beside
    packaged = PACKAGE / f"_{name}"
    if packaged.is_dir():
        return packaged
    raise FileNotFoundError(f"no {name} at {beside} or {packaged}; install gridrider again")
