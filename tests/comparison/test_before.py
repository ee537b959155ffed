"""A run says how far its numbers moved since the one before, also where that is against it."""

from comparison import pages
from comparison.compare import report
from comparison.compare.before import before, moved
from tests.comparison.test_report import raw, result


def runs(*changes):
    """Return two runs that differ in these results: (entry, work, earlier change, later change)."""
    earlier = raw(*(result(entry, work, **old) for entry, work, old, _ in changes))
    later = raw(*(result(entry, work, **new) for entry, work, _, new in changes)) | {"began": "3"}
    return later | {"before": before(later, earlier)}


def test_the_largest_factor_of_each_number_is_named_with_its_entry_whether_up_or_down():
    found = runs(
        ("flask", "push", {"carried": 150, "µs": 10}, {"carried": 100, "µs": 12}),
        ("flack", "push", {"carried": 800, "µs": 20}, {"carried": 800, "µs": 10}),
        ("flask", "poll", {"µs": 10}, {"µs": 11}),
    )
    assert moved(found) == (
        "**Since the run before** (1, commit abc), the people per core moved by up to ×1.50 (Flask "
        "as documented); the CPU time of a delivery by up to ×2.00 (Django tuned), of a poll by up "
        "to ×1.10 (Flask as documented). The order of the contestants by people per core stayed "
        "the same."
    )


def test_another_order_and_another_method_are_named():
    found = runs(("flask", "push", {"carried": 150}, {"carried": 900}),
                 ("flack", "push", {"carried": 800}, {"carried": 800}))  # fmt: skip
    found["plan"] = found["plan"] | {"even": 0.5}
    assert "by an earlier method), the people" in moved(found)
    assert moved(found).endswith("by people per core changed.")


def test_what_only_one_run_measured_has_not_moved():
    found = runs(("flask", "push", {}, {"carried": None, "µs": None}))
    assert "flask" not in moved(found).lower()
    assert moved(raw(result("flask"))) == ""


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
        assert "moved by up to ×1.50" in pages.README.read_text()
        assert "moved by up to ×1.50" in (tmp_path / "REPORT.md").read_text()
