"""The report states what the raw numbers show, and no more."""

import json
import re

import pytest

from comparison.compare import answer, contest, report
from comparison.compare.contest import AGAIN, WORKS, predicted, summary
from comparison.compare.method import Capacity


def result(entry, work="push", carried=100.0, **changes):
    """Return the result of a measurement."""
    step = {"load": 900.0, "broken": "", "p50 ms": 5.0, "p99 ms": 50.0, "samples": 9000,
            "sent": 200, "due": 200, "other work": 0.01, "µs": 10.0}  # fmt: skip
    return {
        "entry": entry, "work": work, "start s": 3.0, "processes": 4, "KiB": 20.0, "µs": 10.0,
        "carried": carried, "broke": 110.0, "reason": "late", "disturbed": False, "steps": [step],
        "at the same load": "carried",
    } | changes  # fmt: skip


SIZE = {"lines": 511, "packages": 47, "private names": 0}
TITLES = {"flask": "Flask, documented", "flask-tuned": "Flask, tuned",
          "django-documented": "Django, documented", "flack": "Django, tuned"}  # fmt: skip


def raw(*results, quick=False):
    """Return the raw numbers of a run."""
    return {
        "quick": quick, "code": "abc", "began": "1", "ended": "2", "machine": {},
        "cores": "core 0", "versions": {}, "checked": {},
        "plan": {"warm_up": 5, "seconds": 20, "tries": 2, "repeats": 3, "precision": 1.1},
        "contestants": {name: SIZE | {"title": title} for name, title in TITLES.items()},
        "results": list(results), "noise": contest.noises(results),
    }  # fmt: skip


def test_a_difference_inside_the_noise_is_called_none():
    found = raw(result("flack", **{"µs": 10}), result(AGAIN, **{"µs": 12}),
                result("flask", **{"µs": 8.5}))  # fmt: skip
    assert answer.compared(found, "flack", "flask", "push") == (
        "no difference in a delivery (10 and 8.5 µs a delivery; within the noise of ×1.20)"
    )


def test_a_difference_outside_the_noise_is_a_ratio_in_favour_of_the_cheaper_one():
    found = raw(result("flack", **{"µs": 30}), result(AGAIN, **{"µs": 31}), result("flask"))
    assert answer.compared(found, "flack", "flask", "push") == (
        "Flask, documented needs 3.0 times less for a delivery (30 and 10 µs a delivery)"
    )


def test_without_a_second_measurement_no_difference_is_called_one():
    found = raw(result("flack", **{"µs": 90}), result("flask"))
    assert "noise not measured" in answer.compared(found, "flack", "flask", "push")


def test_what_was_not_measured_has_no_number():
    found = raw(result("flask"))
    assert "Flask, 2016 and Flask, documented were not measured in this run" in answer.answer(found)


def test_each_stage_of_the_split_is_relative_to_the_last_one_that_was_measured():
    found = raw(result("flask", **{"µs": 40}), result("flask-1-seen", **{"µs": 30}),
                result("flask-tuned", **{"µs": 15}), result("flack"))  # fmt: skip
    text = report.split(found)
    assert "| – | Flask, 2016 | – | – | – |" in text
    assert "| age: Python and libraries of today | Flask, documented | 40 | – | – |" in text
    assert "| 30 (×0.75) |" in text and "| 15 (×0.50) |" in text and "| 10 (×0.67) |" in text


def test_two_nodes_stand_beside_one():
    found = raw(result("flask"), result("flask, 2 nodes", carried=None, **{"µs": 12, "at the same load": "late"}))  # fmt: skip  # noqa: E501
    assert "| Flask, documented | 10 | 12 | late |" in report.nodes(found)
    assert "2 nodes" not in report.summary(found)


def test_an_entry_that_does_not_keep_the_contract_is_named():
    found = raw(result("flack")) | {"checked": {"flask": "1 failed", "flack": ""}}
    assert report.warnings(found) == [
        "> Not measured, because it does not keep the contract: Flask, documented\n"
    ]


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
    assert text.count("<details>") == text.count("</details>") == 2
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


def test_a_probe_alone_has_no_capacity():
    found = summary({"broken": "", "µs": 5}, None)
    assert found["carried"] is None and found["µs"] == 5
    assert report.carried(result("ws") | found) == "–"


def test_a_cost_at_a_load_that_was_not_carried_is_marked():
    broken = {"µs": 90, "at the same load": "lost"}
    found = raw(result("flack"), result(AGAIN), result("django-documented", **broken))
    assert "| Django, documented | 90 † (90–90) |" in answer.comparison_table(found)
    assert answer.compared(found, "flack", "django-documented", "push").endswith(
        "; Django, documented did not carry this load: lost)"
    )
