"""Every contestant keeps the rows of the contract that are the same on every server.

The row that waits a minute is left out; `make compare` runs it too.
"""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from comparison.compare.database import Database
from comparison.contestants import running
from comparison.contestants.running import (
    CONTESTANTS,
    Contestant,
    NotInstalled,
    Running,
    Starter,
    start,
)

ROOT = Path(__file__).resolve().parents[2]
SUITE = ROOT / "comparison" / "contract"
PARTS = 2  # parallel runs of the suite on a contestant, which mostly wait
MINUTE = "test_a_user_without_a_ping_for_a_minute_goes_offline_and_one_who_pings_does_not"
# "flask-threads" is the code of "flask", and test_contract.py runs every row on "flack".
CHECKED = [name for name in CONTESTANTS if name not in ("flask-threads", "flack")]

Outcome = tuple[int, str]  # pytest's exit code, and what it printed


def run_suite(contestant: Running, part: int) -> Outcome:
    """Run the shared rows of every `PARTS`-th file of the suite against a server."""
    files = sorted(SUITE.glob("test_*.py"))[part::PARTS]
    command = [sys.executable, "-m", "pytest", "-c", f"{SUITE}/pytest.ini", "-q", *map(str, files)]
    command += [
        "-p",
        "no:cacheprovider",
        "--url",
        contestant.url,
        "--same-only",
        "-k",
        f"not {MINUTE}",
    ]
    command += ["--preview-port", str(contestant.preview_port)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def outcomes(postgresql: str) -> Iterator[dict[str, list[Future[Outcome]]]]:
    """The outcomes of the suite on each contestant, all of which run at once."""
    with ExitStack() as stack:
        server = stack.enter_context(Database(postgresql))
        pool = stack.enter_context(ThreadPoolExecutor(PARTS * len(CHECKED)))
        started: dict[str, Future[Running]] = {}
        for name in CHECKED:
            database = stack.enter_context(server.another(f"contestant_{len(started)}"))
            starter = stack.enter_context(Starter())
            started[name] = pool.submit(start, starter, CONTESTANTS[name], database.url)
        yield {
            name: [pool.submit(run_suite, contestant.result(), part) for part in range(PARTS)]
            for name, contestant in started.items()
        }


@pytest.mark.timeout(300)  # seconds, on a busy machine
@pytest.mark.parametrize("name", CHECKED)
def test_a_contestant_keeps_the_shared_rows_of_the_contract(
    outcomes: dict[str, list[Future[Outcome]]], name: str
) -> None:
    for future in outcomes[name]:
        code, output = future.result()
        assert code == 0, output
        assert " passed" in output


def test_a_contestant_that_is_not_installed_is_named_with_the_command_that_installs_it(
    tmp_path: Path,
) -> None:
    missing = Contestant(
        "x", "Flask, missing", "documented", tmp_path, "", "/nowhere/python -m x", ()
    )
    with (
        Starter() as starter,
        pytest.raises(
            NotInstalled, match="Flask, missing is not installed: run `make contestants`"
        ),
    ):
        start(starter, missing, "postgresql:///x")


@pytest.mark.parametrize("name", CONTESTANTS)
def test_a_contestant_has_a_folder_with_a_readme_and_a_known_label(name: str) -> None:
    contestant = CONTESTANTS[name]
    assert contestant.label in ("documented", "tuned")
    assert (contestant.folder / "README.md").exists()


def lines(folder: str) -> int:
    """Return the number of lines of Python in a contestant's folder that are not empty."""
    files = (CONTESTANTS["flask"].folder.parent / folder).rglob("*.py")
    sources = [path.read_text() for path in files if ".venv" not in path.parts]
    return sum(bool(line.strip()) for source in sources for line in source.splitlines())


def test_the_flask_contestants_have_the_size_that_their_documents_state() -> None:
    assert 450 <= lines("flask") <= 650
    assert lines("flask_tuned") <= 250


def test_a_process_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PATIENCE", 0.1)
    with Starter() as starter:
        deaf = "trap '' TERM; echo ready; while true; do sleep 0.1; done"
        process = starter.run("sh", "-c", deaf)
        while not starter.log.read_text():
            assert process.poll() is None
    assert process.returncode == -9
