"""Tests of `make faults` itself: what it does when a fault cannot be injected."""

from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

import tests.faults.__main__ as faults
from tests.faults.background import Background
from tests.faults.report import Report
from tests.faults.table import Fault
from tests.kit import until

REPORT = Report(1, 1, 6, 0, 0, 0, [], 0, Counter(), 0, 0.1)
ROWS = ["| first | 1 | 1 | 6 | 0 | 0 | 0 | 0 | 0.1 |", "| last | 1 | 1 | 6 | 0 | 0 | 0 | 0 | 0.1 |"]


class Crowd:
    """A crowd that counts without a stack."""

    def __init__(self, stack, database):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def count(self, fault):
        fault.inject(None)
        return REPORT


def fail(stack):
    raise RuntimeError("the process has gone")


FIRST, BROKEN, LAST = Fault("first", print), Fault("broken", fail), Fault("last", print)


@pytest.fixture
def stacks(monkeypatch):
    """The stacks that were stopped."""
    monkeypatch.setattr(faults, "Crowd", Crowd)
    return []


@pytest.fixture
def start(stacks):
    """Return a stack that counts its stop."""
    return lambda: SimpleNamespace(stop=lambda: stacks.append("stopped"))


def test_a_fault_that_raises_is_a_failure_and_the_others_are_injected(start, stacks, capsys):
    run = faults.Run()
    run.inject([FIRST, BROKEN, LAST], start)
    assert run.rows == ROWS
    assert run.failures == ["broken: RuntimeError('the process has gone')"]
    assert "| broken | failed: RuntimeError('the process has gone') |" in capsys.readouterr().out
    assert stacks == ["stopped"]


def test_a_stack_that_does_not_start_is_a_failure_and_the_others_are_started(start, stacks):
    run = faults.Run()
    run.inject([FIRST], lambda: fail(None))
    run.inject([LAST], start)
    assert run.rows == ROWS[1:]
    assert run.failures == ["the stack of 'first': RuntimeError('the process has gone')"]


def test_a_run_with_a_failure_exits_with_it_and_leaves_the_document(monkeypatch, tmp_path):
    document = tmp_path / "document.md"
    monkeypatch.setattr(faults, "DOCUMENT", document)
    monkeypatch.setattr(faults.Run, "inject_all", lambda run, _: run.failures.append("broken: 1"))
    with pytest.raises(SystemExit, match="broken: 1"):
        faults.main()
    assert not document.exists()


def test_only_the_chosen_faults_are_injected(start, stacks):
    run = faults.Run("last")
    run.inject([FIRST], start)
    run.inject([BROKEN, LAST], start)
    assert (run.rows, run.failures, stacks) == (ROWS[1:], [], ["stopped"])


def test_a_run_replaces_the_rows_of_the_document_and_the_paragraph_of_the_last_run(monkeypatch):
    monkeypatch.setattr(faults.os, "getloadavg", lambda: (9, 9, 1.25))
    table, last = f"before\n\n{faults.HEADER}", "`make faults`, 2026-01-01, busy.\nTwo rows failed."
    document = faults.written(
        f"{table}| old | 1 |\n\n{last}\n\nafter `make faults`\n",
        ROWS,
        datetime(2026, 2, 3, tzinfo=UTC),
    )
    assert document.startswith(
        f"{table}{ROWS[0]}\n{ROWS[1]}\n\n`make faults`, 2026-02-03, load average 1.2 "
    )
    assert document.endswith("PostgreSQL.\n\nafter `make faults`\n")
    assert "Two rows" not in document


def test_a_client_that_ended_with_an_error_is_an_error():
    async def write():
        raise ValueError("not JSON")

    with Background("http://127.0.0.1:1") as background:
        background.check()
        background.begin_client(write())
        with pytest.raises(ValueError, match="not JSON"):
            until(background.check)


def test_the_document_has_the_table():
    text = faults.DOCUMENT.read_text()
    assert faults.HEADER in text
    assert len(faults.RUN.findall(text)) == 1
