"""Environments of other Python versions, to run Flack on each in the same `make bench`."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from comparison.bench.servers import ROOT

VARIABLE = "PYTHONS"  # interpreters, separated by spaces: names on the PATH, or paths
REQUIREMENTS = ROOT / "requirements.txt"
FOLDER = ROOT / "var"


def column(python: str) -> str:
    """Return the name of an interpreter's column, such as "Python 3.13"; ValueError if it fails."""
    code = "import platform; print('.'.join(platform.python_version_tuple()[:2]))"
    try:
        done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ValueError(f"{VARIABLE} names {python}, which is no interpreter: {error}") from error
    return f"Python {done.stdout.strip()}"


def environment(python: str, folder: Path) -> Path:
    """Return the interpreter of an environment in `folder` with Flack's packages.

    It is made on the first run, and again when the locked versions differ.
    """
    found, stamp = folder / "bin" / "python", folder / "stamp"
    wanted = sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", folder], check=True)
        subprocess.run([found, "-m", "pip", "install", "--quiet", "--require-hashes",
                        "-r", REQUIREMENTS], check=True)  # fmt: skip
        stamp.write_text(wanted)
    return found


def environments() -> Iterator[tuple[str, Path]]:
    """Yield the column and the interpreter of each environment that `PYTHONS` asks for."""
    for python in os.environ.get(VARIABLE, "").split():
        name = column(python)
        yield name, environment(python, FOLDER / name.lower().replace(" ", "-"))
