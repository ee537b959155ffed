"""An interrupted run of `make compare` goes on where it ended."""

import pytest

from comparison.bench.cores import Cores
from comparison.compare import __main__ as compare
from comparison.compare import contest, state
from comparison.compare.contest import QUICK, WHOLE, WORKS

CORES = Cores(frozenset([0]), frozenset([0]))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Keep the unfinished runs of these tests apart."""
    monkeypatch.setattr(state, "VAR", tmp_path / "compare")


def unfinished(*results, code="abc", checked=None):
    """Return the raw numbers of a run that was interrupted."""
    return {"quick": True, "code": code, "results": list(results), "checked": checked or {},
            "failures": ["push flask: OSError()"]}  # fmt: skip


def test_what_was_disturbed_or_failed_is_measured_again():
    good, bad = {"entry": "a", "disturbed": False}, {"entry": "b", "disturbed": True}
    state.store(unfinished(good, bad, checked={"a": "", "b": "1 failed"}))
    found = state.load(quick=True, of="abc")
    assert found == {"quick": True, "code": "abc", "results": [good], "checked": {"a": ""}}


def test_numbers_of_other_code_are_not_mixed_in():
    state.store(unfinished())
    assert state.load(quick=True, of="abd") is None
    assert state.load(quick=False, of="abc") is None


def test_a_finished_run_is_not_gone_on_with():
    state.store(unfinished())
    state.finish(unfinished())
    assert state.load(quick=True, of="abc") is None


def test_a_part_that_fails_is_kept_with_its_reason_and_the_others_go_on():
    def fail():
        raise RuntimeError("no tables")

    raw = {"quick": True, "code": "abc", "results": []}
    entry = contest.Entry("flask", fail)
    compare.measure(raw, entry, WORKS[0], QUICK, CORES, compare.Progress([60]))
    assert raw["failures"] == ["push flask: RuntimeError('no tables')"]
    assert raw["results"] == []


def parts(quick, only="", **urls):
    """Return the names of the parts of a run."""
    entries = contest.entries(None, CORES, quick, urls)
    return [f"{entry.name} {work.name}" for entry, work in contest.parts(entries, only)]


def test_only_chooses_parts_by_entry_and_work():
    assert parts(True, "^flask (push|post)$") == ["flask push", "flask post"]
    assert parts(True, "^nothing") == []


def test_a_whole_run_has_threads_two_nodes_and_every_stage():
    found = parts(False, other="http://127.0.0.1:1")
    for name in ("flask-threads poll", "flask, 2 nodes push", "flask-1-seen poll", "other post"):
        assert name in found
    assert "flack again post" in found and "flack, 2 nodes poll" not in found


def test_what_gives_the_noise_is_measured_again_at_the_end_of_each_work():
    for quick in (True, False):
        for work in WORKS:
            found = [part for part in parts(quick) if part.endswith(f" {work.name}")]
            assert found[-2:] == [f"flack again {work.name}", f"flask again {work.name}"]


def test_a_whole_run_with_the_flask_version_of_2016_takes_at_most_100_minutes():
    entries = contest.entries(None, CORES, False, {contest.FLASK_2016: "http://127.0.0.1:1"})
    check = 6 * 60  # seconds, as seen in whole runs
    seconds = sum(contest.expected(*part, WHOLE) for part in contest.parts(entries))
    assert check + seconds <= 100 * 60
    again = [entry for entry in entries if entry.name == "flask again"]
    assert [entry.works for entry in again if not entry.only_probe] == [("push",)]


def test_a_quick_run_measures_every_contestant_and_the_noise_with_every_work():
    found = parts(True)
    for name in (*contest.QUICK_NAMES, "flack again"):
        assert all(f"{name} {work.name}" in found for work in WORKS)
    assert "flask-threads push" not in found
