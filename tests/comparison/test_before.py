"""A run says how far its numbers moved since the one before, also where that is against it."""

import pytest

from comparison import pages
from comparison.compare import report
from comparison.compare.before import before, moved
from comparison.compare.rules import MEASURED
from tests.comparison.test_report import raw, result


def runs(*changes):
    """Return two runs that differ in these results: (entry, work, earlier change, later change)."""
    earlier = raw(*(result(entry, work, **old) for entry, work, old, _ in changes))
    later = raw(*(result(entry, work, **new) for entry, work, _, new in changes)) | {"began": "3"}
    return later | {"before": before(later, earlier)}


def test_the_number_that_moved_most_is_named_with_its_entry_whether_up_or_down():
    found = runs(
        ("flask", "push", {"carried": 150, "µs": 10}, {"carried": 100, "µs": 12}),
        ("flack", "push", {"carried": 800, "µs": 20}, {"carried": 800, "µs": 10}),
        ("flask", "poll", {"µs": 10}, {"µs": 11}),
    )
    assert moved(found) == (
        "**Compared with the run before** (1, commit abc), the number of each kind that moved "
        "most: people per core ×1.50, from 150 to 100 (Flask as documented); µs a delivery ×2.00, "
        "from 20 to 10 (Django tuned); µs a poll ×1.10, from 10 to 11 (Flask as documented). The "
        "order of the contestants by people per core stayed the same. The noise above is that of "
        "one run: it does not contain what moves from one to the next."
    )


@pytest.mark.parametrize(("now", "verb"), [(900, "changed"), (800, "stayed the same")])
def test_the_order_changes_if_two_change_places(now, verb):
    found = runs(("flask", "push", {"carried": 150}, {"carried": now}),
                 ("flack", "push", {"carried": 800}, {"carried": 800}))  # fmt: skip
    assert f"The order of the contestants by people per core {verb}." in moved(found)


def test_what_no_longer_carries_anything_is_not_dropped():
    found = runs(("flask", "push", {"carried": 150}, {"carried": 0}))
    assert "people per core from 150 to 0 (Flask as documented)" in moved(found)


def test_another_method_and_an_unknown_commit_are_named():
    found = runs(("flask", "push", {}, {}))
    found["before"]["plan"] = found["plan"] | {"even": 0.1}
    found["before"]["code"] = ""
    assert "(1, commit unknown, by an earlier method), the number" in moved(found)


def test_what_was_changed_between_both_runs_can_be_listed():
    found = runs(("flask", "push", {}, {})) | {"code": "def 1234abcd"}
    assert f"`git log abc..def -- {MEASURED}` lists what was changed" in moved(found)


@pytest.mark.parametrize(
    "found",
    [
        raw(result("flask")),
        runs(("flask", "push", {}, {"carried": None, "µs": None})),
        runs(("flask", "poll", {}, {"at the same load": "late"})),  # a cost at a load not carried
        runs(("flask", "push", {}, {})) | {"quick": True},
    ],
)
def test_runs_that_have_nothing_to_compare_say_nothing(found):
    assert moved(found) == ""


def test_publishing_keeps_the_numbers_of_the_run_before_and_publishing_again_does_too(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(pages, "README", tmp_path / "README.md")
    monkeypatch.setattr(pages, "RAW", tmp_path / "report.json")
    pages.README.write_text("<!-- verdict -->\n<!-- end of verdict -->\n")
    pages.publish(raw(result("flask", carried=150)))
    for _ in range(2):
        pages.publish(raw(result("flask", carried=100)) | {"began": "3"})
        assert report.load(pages.RAW)["before"]["began"] == "1"
        assert "people per core ×1.50" in pages.README.read_text()
        assert "people per core ×1.50" in (tmp_path / "REPORT.md").read_text()
