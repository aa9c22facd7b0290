"""Make or refresh .venv from a hashed lock, saying what it does. Run by the Makefile; standard library only.

    python3 requirements/set_up.py run    # what the program needs
    python3 requirements/set_up.py dev    # and what its developers need

It must start on any Python 3, so that an old one gets a sentence instead of a traceback.
"""

import os
import re
import subprocess
import sys
import time

LOWEST, TOO_HIGH = (3, 11), (3, 14)
VENV = ".venv"
BIN = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
PYTHON = os.path.join(BIN, "python")


def why_not():
    """The sentence that says why this Python will not do, or None."""
    version = "%d.%d.%d" % sys.version_info[:3]
    if not LOWEST <= sys.version_info[:2] < TOO_HIGH:
        return ("gridrider needs Python 3.11, 3.12 or 3.13, and %s is Python %s.\n"
                "Install one of them, or name one: make test PYTHON=/path/to/python3.12" % (sys.executable, version))
    try:
        import ensurepip  # noqa: F401  # Debian and Ubuntu leave it out of python3
    except ImportError:
        return ("Python %s at %s cannot make virtual environments.\n"
                "On Debian or Ubuntu: sudo apt install python3-venv" % (version, sys.executable))
    return None


def runs(python):
    """True when that interpreter starts and is of the asking Python's minor version."""
    ask = [python, "-c", "import sys, pip; print('%d.%d' % sys.version_info[:2])"]
    try:
        answer = subprocess.run(ask, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    except OSError:
        return False
    return answer.stdout.decode().strip() == "%d.%d" % sys.version_info[:2]


def packages_in(lock):
    """How many packages the lock names, those for other systems included."""
    with open(lock, encoding="utf-8") as lines:
        return len(set(re.findall(r"^([a-z0-9._-]+)==", lines.read(), flags=re.MULTILINE)))


def pip(arguments, expected=0):
    """Run the environment's pip and show its progress by package; when it fails, show what it said last."""
    command = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--progress-bar", "off"] + arguments
    said, seen = [], 0
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for raw in process.stdout:
        line = raw.decode("utf-8", "replace").rstrip()
        said.append(line)
        found = re.match(r"(?:Collecting|Processing|Requirement already satisfied:) (?:\S*/)?([A-Za-z0-9._]+)", line)
        if found and expected:
            seen += 1
            step(seen, expected, found.group(1))
    if expected:
        step(seen, seen, "installed", last=True)
    if process.wait() != 0:
        sys.stdout.write("\n" + "\n".join(said[-25:]) + "\n")
        sys.exit("pip could not install into %s (see above). Is the package registry within reach?" % VENV)


def step(seen, expected, name, last=False):
    """Show progress: rewritten in place on a terminal, every tenth package elsewhere."""
    text = "  %d of %d  %s" % (min(seen, expected), expected, name)
    if sys.stdout.isatty():
        sys.stdout.write("\r" + text.ljust(60) + ("\n" if last else ""))
    elif last or seen % 10 == 0:
        sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(which):
    """Make the environment if it is missing or broken, fill it from the lock, stamp it."""
    reason = why_not()
    if reason:
        sys.exit(reason)
    began = time.time()
    lock = os.path.join("requirements", which + ".txt")
    if not runs(PYTHON):
        print("Making %s with Python %d.%d.%d" % ((VENV,) + sys.version_info[:3]), flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
    print("Installing what %s locks (once; later runs skip this)" % lock, flush=True)
    pip(["--require-hashes", "-r", lock], packages_in(lock))
    pip(["--no-deps", "--no-build-isolation", "--editable", "."])
    for stamp in {"run": ["run"], "dev": ["run", "dev"]}[which]:
        with open(os.path.join(VENV, stamp + ".stamp"), "w", encoding="utf-8") as file:
            file.write(lock + "\n")
    print("Ready in %d s" % (time.time() - began), flush=True)


if __name__ == "__main__":
    if sys.argv[1:] not in (["run"], ["dev"]):
        sys.exit("usage: python3 requirements/set_up.py run|dev")
    main(sys.argv[1])
