"""Keep what was measured after each part, so that an interrupted run goes on where it ended."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

from comparison.contestants.definitions import ROOT

Raw = dict[str, Any]
VAR = ROOT / "var" / "compare"


def code() -> str:
    """Return the commit, with a digest of what was changed since; "" outside of a repository."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(ROOT), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    changes = git("diff", "HEAD", "--", "*.py", "*.js", "*.conf", "*.txt")
    digest = hashlib.sha256(changes.encode()).hexdigest()[:8] if changes else ""
    return f"{git('rev-parse', '--short', 'HEAD')} {digest}".strip()


def path(quick: bool) -> Path:
    """Return where an unfinished run is kept."""
    return VAR / f"unfinished-{'quick' if quick else 'whole'}.json"


def load(quick: bool, of: str) -> Raw | None:
    """Return the unfinished run of this code, or None. What was disturbed or failed is left out."""
    if not path(quick).exists():
        return None
    raw: Raw = json.loads(path(quick).read_text())
    if raw["code"] != of:
        return None
    raw["results"] = [r for r in raw["results"] if not r["disturbed"]]
    raw.pop("failures", None)
    raw["checked"] = {name: output for name, output in raw["checked"].items() if not output}
    return raw


def store(raw: Raw) -> None:
    """Keep an unfinished run."""
    kept = path(raw["quick"])
    kept.parent.mkdir(parents=True, exist_ok=True)
    new = kept.with_suffix(".new")
    new.write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n")
    new.replace(kept)


def finish(raw: Raw) -> None:
    """Forget an unfinished run: the next one begins anew."""
    path(raw["quick"]).unlink(missing_ok=True)
