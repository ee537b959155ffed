"""The report states what the raw numbers show, and no more."""

import json
import re

import pytest

from comparison.compare import contest, report
from comparison.compare.contest import AGAIN, WORKS, predicted, summary
from comparison.compare.method import Capacity


def result(entry, work="push", carried=100.0, **changes):
    """Return the result of a measurement."""
    step = {"load": 900.0, "broken": "", "p50 ms": 5.0, "p99 ms": 50.0, "samples": 9000,
            "sent": 200, "due": 200, "other work": 0.01, "µs": 10.0}  # fmt: skip
    return {
        "entry": entry, "work": work, "start s": 3.0, "processes": 4, "KiB": 20.0, "µs": 10.0,
        "carried": carried, "broke": 110.0, "reason": "late", "disturbed": False, "steps": [step],
    } | changes  # fmt: skip


def raw(*results, quick=False):
    """Return the raw numbers of a run."""
    return {
        "quick": quick, "began": "1", "ended": "2", "machine": {}, "cores": "core 0",
        "versions": {},
        "plan": {"warm_up": 5, "seconds": 20, "tries": 2, "repeats": 3, "precision": 1.1},
        "contestants": {"flask": {"title": "Flask, documented", "lines": 511, "packages": 47}},
        "failed": {}, "results": list(results), "noise": contest.noises(results),
    }  # fmt: skip


def test_a_difference_inside_the_noise_is_called_none():
    found = raw(
        result("flack", carried=100), result(AGAIN, carried=120), result("flask", carried=85)
    )
    assert report.sentences(found) == [
        "push: flack and Flask, documented do not differ: the noise of this run is ×1.20."
    ]


def test_a_difference_outside_the_noise_is_a_ratio():
    found = raw(result("flack", carried=300), result(AGAIN, carried=310), result("flask"))
    assert report.sentences(found) == [
        "push: flack carries 3.0 times what Flask, documented carries."
    ]


def test_without_a_second_measurement_no_difference_is_called_one():
    assert (
        "do not differ" in report.sentences(raw(result("flack", carried=900), result("flask")))[0]
    )


def test_a_capacity_that_the_generator_limits_is_a_lower_bound():
    assert report.carried(result("flack", reason="generator")) == "at least 100 (generator)"
    assert report.carried(result("flack", reason="", broke=None)) == "at least 100"
    assert report.carried(result("flack", disturbed=True)) == "100* (late)"


def test_a_quick_run_and_a_disturbed_one_are_marked():
    assert "Not a result" in report.markdown(raw(result("flack"), quick=True))
    text = report.markdown(raw(result("flack", disturbed=True)))
    assert "disturbed 1 of 1 measurements" in text and "Not a result" not in text


def test_the_report_and_its_pictures_are_written_from_the_raw_numbers(tmp_path):
    found = raw(*(result(name, work.name) for work in WORKS for name in ("flack", AGAIN, "flask")))
    text = report.write(found, tmp_path).read_text()
    assert json.loads((tmp_path / "report.json").read_text())["results"] == found["results"]
    pictures = re.findall(r"\]\((report-\w+\.svg)\)", text)
    assert len(pictures) == len(WORKS)
    assert all((tmp_path / picture).exists() for picture in pictures)
    assert "| Flask, documented | 100 (late) |" in text


@pytest.mark.parametrize(("parts", "first"), [({"web": 8, "nginx": 2}, 8000), ({}, 900)])
def test_the_first_load_of_a_bisection_is_predicted_from_the_cpu_time_of_all_parts(parts, first):
    push = next(work for work in WORKS if work.name == "push")
    assert predicted({"µs of": parts}, push) == first


def test_a_probe_with_other_work_marks_the_measurement_as_disturbed():
    probe = {"broken": "", "other work": 0.06}
    assert summary(probe, Capacity(1, 2, "late", False))["disturbed"]
    assert not summary(probe | {"other work": 0.05}, Capacity(1, 2, "late", False))["disturbed"]
