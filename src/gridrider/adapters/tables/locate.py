"""Which files hold a table: `name.csv`, `name.parquet`, or a folder `name/` of Parquet files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...problem import Problem, error


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """One file of a table and the name by which Problems speak of it."""

    path: Path
    label: str

    @property
    def is_csv(self) -> bool:
        """True for text, False for Parquet."""
        return self.path.suffix == ".csv"


def find_files(folder: Path, name: str) -> tuple[tuple[TableFile, ...], list[Problem]]:
    """The files of table `name` in `folder`, in the order of their names; none when it is not given.

    Two forms of the same table are an error, for one of them would be ignored.
    """
    csv_path, parquet_path, folder_path = folder / f"{name}.csv", folder / f"{name}.parquet", folder / name
    forms = [path for path in (csv_path, parquet_path) if path.exists()]
    forms += [folder_path] if folder_path.is_dir() else []
    if not forms:
        return (), []
    if len(forms) > 1:
        seen = ", ".join(path.name + ("/" if path == folder_path else "") for path in forms)
        return (), [error(forms[0].name, f"the table {name} is there more than once: {seen}", "Keep one of them.")]
    if forms[0] != folder_path:
        return _one_file(forms[0])
    paths = sorted((path for path in folder_path.rglob("*.parquet") if path.is_file()),
                   key=lambda path: path.relative_to(folder).as_posix())
    if not paths:
        return (), [error(f"{name}/", "the folder holds no Parquet file", "Put *.parquet files into it or remove it.")]
    return tuple(TableFile(path=path, label=path.relative_to(folder).as_posix()) for path in paths), []


def _one_file(path: Path) -> tuple[tuple[TableFile, ...], list[Problem]]:
    if path.is_file():
        return (TableFile(path=path, label=path.name),), []
    what_to_do = "Give a file, or a folder without the ending."
    return (), [error(path.name, "this is a folder with the name of a file", what_to_do)]
