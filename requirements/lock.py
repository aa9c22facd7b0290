"""Resolve pyproject.toml into requirements/run.txt and dev.txt: every package, every file's hash, no host.

uv does the resolving, in an environment of its own that is thrown away. One lock serves Python 3.11 to 3.13 and
every platform; where versions must differ, markers say so. uv reads no pip settings, and
--no-config keeps its own away.

    make lock                                  # the newest versions that pyproject.toml allows
    make lock LOCK_ARGS=--keep                 # only what pyproject.toml newly asks for
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
FLAGS = ["--no-config", "--universal", "--generate-hashes", "--no-header", "--no-annotate", "--quiet",
         "--python-version", "3.11"]
SOURCES = ["pyproject.toml", "requirements/build.in"]


def resolve(uv: Path, lock: Path, *more: str) -> None:
    """Write one lock, and stop if it names a host."""
    subprocess.run([uv, "pip", "compile", *FLAGS, *more, *SOURCES, "-o", lock], check=True, cwd=HERE.parent)
    text = lock.read_text(encoding="utf-8")
    if re.search(r"://|^-", text, flags=re.MULTILINE):
        sys.exit(f"{lock} names a host or an index; it must hold packages and hashes only")
    print(f"{lock.relative_to(HERE.parent)}: {len(re.findall('^[^ #]+==', text, flags=re.MULTILINE))} packages")


def main(keep: bool) -> None:
    """Resolve both locks; the developers' lock holds the run lock's versions."""
    upgrade = [] if keep else ["--upgrade"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([Path(folder) / "bin" / "python", "-m", "pip", "install", "--quiet", "uv"], check=True)
        uv = Path(folder) / "bin" / "uv"
        resolve(uv, HERE / "run.txt", *upgrade)
        resolve(uv, HERE / "dev.txt", *upgrade, "--all-extras", "--constraint", "requirements/run.txt")


if __name__ == "__main__":
    main(keep="--keep" in sys.argv)
