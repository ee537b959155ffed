"""Count lines and dependencies of both versions by one rule: `python -m comparison.lines`.

A line counts if it is not blank: code, comments and docstrings alike. A folder counts its Python,
JavaScript, HTML, CSS and configuration, without migrations, tests' data and what is built. The
command brings the counts in CODE_MAP.md up to date: of this repository, and with a clone of the
Flask version (`python -m comparison.lines ../flack`) also of its tags.
"""

import re
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from packaging.markers import Marker

from comparison import excerpts
from comparison.markdown import table
from comparison.usage import arguments

ROOT = Path(__file__).resolve().parent.parent
MAP = ROOT / "comparison" / "CODE_MAP.md"
KINDS = (".py", ".js", ".html", ".css", ".conf", ".sh", "Procfile")
TAG_COLUMNS = [
    "Tag",
    "Application",
    "Page",
    "Tests",
    "Commands, configuration, servers",
    "Packages",
]
TAGS = [f"v0.{number}" for number in range(1, 17)]
# [`chat/realtime/push.py`](../chat/realtime/push.py) (34), or without the link
CELL = re.compile(r"\[?`([\w./-]+)`(?:\]\([\w./-]+\))? \((\d+)\)")
# A package with a version; the group is the marker of the systems that need it.
PACKAGE = re.compile(
    r"^[A-Za-z][\w.-]*(?:\[\w+\])?\s*==[^\s;]+(?: ; (.+?))?(?: \\)?$", re.MULTILINE
)

Read = Callable[[str], str]


def ours(name: str) -> str:
    """Return the text of a file of this repository."""
    return (ROOT / name).read_text()


def our_files() -> list[str]:
    """Return the names of all files that belong to this repository."""
    return git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard").splitlines()


def git(folder: Path, *words: str) -> str:
    """Return the output of a git command in a repository."""
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def lines(text: str) -> int:
    """Return the number of lines that are not blank."""
    return sum(1 for line in text.splitlines() if line.strip())


def count(path: str, names: Iterable[str], read: Read) -> int:
    """Return the lines of a file, or of all in a folder whose name ends in a slash."""
    wanted = [
        name
        for name in names
        if name == path
        or (path.endswith("/") and name.startswith(path) and name.endswith(KINDS)
            and "/migrations/" not in name)
    ]  # fmt: skip
    if not wanted:
        raise LookupError(path)
    return sum(lines(read(name)) for name in wanted)


def recount(text: str) -> str:
    """Return a text with each "`path` (N)" of this repository linked and counted; others stay."""
    names = our_files()

    def cell(match: re.Match[str]) -> str:
        path = match[1]
        known = path in names or any(name.startswith(path) for name in names if path[-1] == "/")
        counted = count(path, names, ours) if known else 0
        return f"[`{path}`]({excerpts.relative(path)}) ({counted})" if known else match[0]

    return CELL.sub(cell, text)


def our_dependencies() -> tuple[int, int]:
    """Return the number of required packages, and of those installed with them."""
    named = ours("pyproject.toml").partition("dependencies = [")[2].partition("\n]")[0]
    return named.count('    "'), packages_of(ours("requirements.txt"))


def packages_of(lock: str) -> int:
    """Return how many packages of a requirements.txt are installed on this system."""
    return sum(not found[1] or Marker(found[1]).evaluate() for found in PACKAGE.finditer(lock))


def tags(folder: Path) -> str:
    """Return the table of the Flask version's tags."""
    rows = []
    for tag in TAGS:
        names = git(folder, "ls-tree", "-r", "--name-only", tag).splitlines()
        sums = {"application": 0, "page": 0, "tests": 0, "rest": 0}
        for name in names:
            if name.endswith(KINDS) and not name.startswith("scripts/"):
                sums[kind(name)] += lines(git(folder, "show", f"{tag}:{name}"))
        packages = packages_of(git(folder, "show", f"{tag}:requirements.txt"))
        rows.append([tag, *sums.values(), packages])
    return table(TAG_COLUMNS, rows)


def kind(name: str) -> str:
    """Return what a file of the Flask version belongs to."""
    if "static/" in name or "templates/" in name:
        return "page"
    if name.startswith("tests"):
        return "tests"
    python = name.endswith(".py") and name not in ("manage.py", "config.py", "celeryconfig.py")
    return "application" if python else "rest"


def between(text: str, mark: str, new: str) -> str:
    """Return a text with the part between two marks replaced."""
    begin, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n{new}\n{end}{rest.partition(end)[2]}"


def main(flask: str = "") -> None:
    """Update CODE_MAP.md; with the folder of a clone of the Flask version, also its tags."""
    text = recount(MAP.read_text())
    named, installed = our_dependencies()
    text = between(text, "packages", f"Here: {named} packages named, {installed} installed.")
    text = between(text, "side by side", excerpts.side_by_side(ours))
    text = between(text, "purposes", excerpts.purposes(our_files(), lambda name: lines(ours(name))))
    if flask:
        text = between(text, "tags", tags(Path(flask)))
    MAP.write_text(text)


if __name__ == "__main__":
    main(*arguments(__doc__, "flask"))
