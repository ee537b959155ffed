"""Look for known vulnerabilities in the locked dependencies: `python -m tests.advisories`.

uv asks the OSV database, in one request, about each version in the requirements files;
`--service-url URL` names another server with OSV's API, for instance one
inside a network without internet access. Exits with 1 if a vulnerability is found. If the database
is unavailable, prints NOT AUDITED and exits with 0, so that a machine without internet can lint.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = [f"requirements{part}.txt" for part in ("", "-run", "-dev", "-pip")]
FOUND, NOT_ASKED = 1, 2  # exit codes of `uv audit`
PROJECT = """[project]
name = "locked"
version = "0"
requires-python = ">=3.11"
"""
LOCK = """version = 1
revision = 1
requires-python = ">=3.11"

[[package]]
name = "locked"
version = "0"
source = {{ virtual = "." }}
dependencies = [{}]
"""
PACKAGE = """
[[package]]
name = "{}"
version = "{}"
source = {{ registry = "https://index.invalid/simple" }}
"""


def locked() -> dict[str, str]:
    """Return the version of each package of all locks."""
    texts = [(ROOT / name).read_text() for name in LOCKS]
    pins = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;]+)", "\n".join(texts), re.MULTILINE)
    return dict(pins)


def audit(pins: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Let uv audit these versions, as a project that has them in uv's own form of a lock."""
    names = ", ".join(f'{{ name = "{name}" }}' for name in pins)
    with tempfile.TemporaryDirectory(prefix="flack-") as folder:
        (Path(folder) / "pyproject.toml").write_text(PROJECT)
        lock = [LOCK.format(names), *(PACKAGE.format(*pin) for pin in pins.items())]
        (Path(folder) / "uv.lock").write_text("".join(lock))
        # --no-index: one question to OSV, none about each package to the index.
        command = ["audit", "--frozen", "--no-index", "--preview-features", "audit-command"]
        uv = Path(sys.executable).with_name("uv")
        return subprocess.run(
            [uv, *command, *arguments],
            cwd=folder,
            env=os.environ | {"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "10"},
            capture_output=True,
            text=True,
            check=False,
        )


def main(*arguments: str) -> int:
    """Print what was found, or that the database was unavailable; return the exit code."""
    pins = locked()
    result = audit(pins, *arguments)
    if result.returncode == NOT_ASKED:
        reason = result.stderr.strip().splitlines()
        print(f"NOT AUDITED: {len(pins)} dependencies, as the OSV database could not be asked:")
        print(f"  {reason[0] if reason else 'uv gave no reason'}")
        return 0
    print(result.stdout + result.stderr, end="")
    return result.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
