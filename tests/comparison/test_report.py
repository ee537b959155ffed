"""The report states what the raw numbers show, and no more."""

import json
import re

import pytest

from comparison.compare import answer, charts, contest, method, numbers, reasons, report, rules
from comparison.compare.contest import WORKS, predicted, summary
from comparison.compare.method import Capacity


def result(entry, work="push", carried=100.0, **changes):
    """Return the result of a measurement."""
    step = {"load": 900.0, "broken": "", "p50 ms": 5.0, "p99 ms": 50.0, "samples": 9000,
            "sent": 200, "due": 200, "other work": 0.01, "µs": 10.0}  # fmt: skip
    return {
        "entry": entry, "work": work, "first answer s": 3.0, "processes": 4, "KiB": 20.0,
        "µs": 10.0, "carried": carried, "broke": 110.0, "reason": "late", "disturbed": False,
        "steps": [step], "at the same load": "carried",
    } | changes  # fmt: skip


SIZE = {"lines": 511, "packages": 47, "private names": 0}
TITLES = {"flask": "Flask, documented", "flask-tuned": "Flask, tuned",
          "django-documented": "Django, documented", "flack": "Django, tuned"}  # fmt: skip


def raw(*results, quick=False):
    """Return the raw numbers of a run."""
    return {
        "quick": quick, "code": "abc", "began": "1", "ended": "2", "machine": {},
        "cores": "core 0", "versions": {}, "checked": {},
        "plan": {"warm_up": 5, "seconds": 20, "tries": 2, "repeats": 3, "precision": 1.1,
                 "even": 0.5, "polls of an account": 2.0, "posts of an account": 1.0},
        "contestants": {name: SIZE | {"title": title} for name, title in TITLES.items()},
        "results": list(results),
    }  # fmt: skip


def test_a_difference_inside_the_noise_is_called_none():
    found = raw(result("flack", **{"µs": 10}), result("flack again", **{"µs": 12}),
                result("flask", **{"µs": 8.5}))  # fmt: skip
    assert answer.compared(found, "flack", "flask", "push") == (
        "",
        "a delivery (8.5 against 10 µs, within the noise of ×1.20)",
    )


def test_ranges_overlap_where_the_difference_is_within_the_noise():
    found = raw(result("flack", **{"µs": 100}), result("flack again", **{"µs": 144}),
                result("flask", **{"µs": 143}), result("flask-tuned", **{"µs": 145}))  # fmt: skip
    assert answer.spread(found, "flack", "push") == "100 (83–120)"
    assert answer.spread(found, "flask", "push") == "143 (119–172)"
    assert answer.spread(found, "flask-tuned", "push") == "145 (121–174)"


def test_a_difference_outside_the_noise_is_a_ratio_in_favour_of_the_cheaper_one():
    found = raw(result("flack", **{"µs": 30}), result("flack again", **{"µs": 31}), result("flask"))
    assert answer.compared(found, "flack", "flask", "push") == (
        "flask",
        "a delivery (10 against 30 µs, ×3.0)",
    )


def test_without_a_second_measurement_no_difference_is_called_one():
    found = raw(result("flack", **{"µs": 90}), result("flask"))
    assert answer.compared(found, "flack", "flask", "push") == (
        answer.UNKNOWN, "a delivery (10 against 90 µs)",
    )  # fmt: skip


def test_what_was_not_measured_has_no_number():
    found = raw(result("flask"))
    text = answer.answer(found)
    assert "both untuned: Flask, 2016 (untuned) not measured in this run" in text
    assert "carries 100 people, tuned a number of people that was not" in answer.choose(found)


def test_each_stage_of_the_split_is_relative_to_the_last_one_that_was_measured():
    found = raw(result("flask", **{"µs": 40}), result("flask-1-seen", **{"µs": 30}),
                result("flask-tuned", **{"µs": 15}), result("flack"))  # fmt: skip
    text = reasons.split(found, reasons.FLASK_CHANGES)
    assert "| – | Flask, 2016 (untuned) | – | – | – |" in text
    assert "| age: Python and libraries of today | Flask, documented | 40 | – | – |" in text
    assert "| 30 (×0.75) |" in text and "| 15 (×0.50) |" in text and "| 10 (×0.67) |" in text


def test_two_nodes_stand_beside_one():
    two = result("flask, 2 nodes", carried=None, **{"µs": 12, "at the same load": "late"})
    found = raw(result("flask"), two)
    two["steps"][0]["clients of nodes"] = [440, 460]
    assert "| Flask, documented | 10 | 12 | 440 and 460 | p99 over 1 s |" in report.nodes(found)
    assert "2 nodes" not in report.summary(found)


def test_an_entry_that_does_not_keep_the_contract_is_named():
    found = raw(result("flack")) | {"checked": {"flask": "1 failed", "flack": ""}}
    assert report.warnings(found) == [
        "> Not measured, because it does not keep the contract: Flask, documented\n"
    ]


def test_a_capacity_that_the_generator_limits_is_a_lower_bound():
    assert report.carried(result("flack", reason="generator")) == "at least 100 (generator's limit)"
    assert report.carried(result("flack", reason="", broke=None)) == "at least 100"
    assert report.carried(result("flack", disturbed=True)) == "100* (p99 over 1 s)"


def test_a_quick_run_and_a_disturbed_one_are_marked():
    assert "Not a result" in report.markdown(raw(result("flack"), quick=True))
    text = report.markdown(raw(result("flack", disturbed=True)))
    assert "disturbed 1 of 1 measurements" in text and "Not a result" not in text


def test_the_report_and_its_pictures_are_written_from_the_raw_numbers(tmp_path):
    names = ("flack", "flack again", "flask")
    found = raw(*(result(name, work.name) for work in WORKS for name in names))
    text = report.write(found, tmp_path).read_text()
    assert json.loads((tmp_path / "report.json").read_text())["results"] == found["results"]
    pictures = re.findall(r"\]\((report-\w+\.svg)\)", text)
    assert len(pictures) == len(WORKS) + 1
    assert text.count("<details>") == text.count("</details>") == 2
    assert all((tmp_path / picture).exists() for picture in pictures)
    assert "| Flask, documented | 100 (p99 over 1 s) |" in text


@pytest.mark.parametrize(
    ("parts", "broken", "first"),
    [({"web": 8, "nginx": 2}, "", 12_000), ({"web": 8, "nginx": 2}, "late", 10_000), ({}, "", 900)],
)
def test_the_first_load_of_a_bisection_is_predicted_from_the_cpu_time_of_all_parts(
    parts, broken, first
):
    push = next(work for work in WORKS if work.name == "push")
    assert predicted({"µs of": parts, "broken": broken}, push) == first


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
    found = raw(result("flack"), result("flack again"), result("django-documented", **broken))
    assert "| Django, documented | 90 † (90–90) |" in answer.comparison_table(found)
    assert answer.pair(found, "flack", "django-documented") == (
        "Django tuned needs less for a delivery (10 against 90 † µs, ×9.0)"
    )


def test_works_with_the_same_winner_stand_in_one_sentence():
    found = raw(*(result(name, work, **{"µs": cost}) for name, work, cost in (
        ("flack", "push", 10), ("flack again", "push", 10), ("flask", "push", 20),
        ("flack", "poll", 10), ("flack again", "poll", 10), ("flask", "poll", 30),
        ("flack", "post", 10), ("flack again", "post", 12), ("flask", "post", 11),
    )))  # fmt: skip
    assert answer.pair(found, "flask", "flack") == (
        "Django tuned needs less for a delivery (10 against 20 µs, ×2.0), "
        "a poll (10 against 30 µs, ×3.0); no difference for a post (10 against 11 µs, within the "
        "noise of ×1.20)"
    )


def test_from_django_documented_to_this_project_one_thing_is_changed_at_a_time():
    broken = {"µs": 150, "at the same load": "late"}
    found = raw(result("django-documented", **broken), result("django-2-pubsub", **{"µs": 50}),
                result("flack"))  # fmt: skip
    text = reasons.split(found, reasons.DJANGO_CHANGES)
    assert "| 150 † | – | – |" in text
    assert "| transport: one subscription a process | django-2-pubsub | 50 (×0.33) |" in text
    assert "| 10 (×0.20) |" in text.splitlines()[-1]


def test_every_reason_of_the_method_has_words():
    reasons = {"generator", *method.REASONS, "late", "behind", "queue grows"}
    assert set(numbers.CRITERIA) == reasons


def test_the_chart_of_what_is_carried_names_the_criterion_that_broke():
    found = raw(result("flack", carried=80.0, reason="lost"), result("flack again"),
                result("flask", carried=90.0, reason="", broke=None))  # fmt: skip
    panel = charts.capacities(found, WORKS[0])
    assert [(bar.entry, bar.note) for bar in panel.bars] == [
        ("flask", "at least 90"), ("flack", "80 (messages lost, or over 5 s late)"),
    ]  # fmt: skip
    assert panel.noise == 1.25 and panel.title.endswith("noise ×1.25")


def test_the_chart_of_costs_marks_a_load_that_was_not_carried():
    found = raw(result("flack", **{"at the same load": "late"}), result("ws", **{"µs": 2}))
    panel = charts.costs_of(found, WORKS[0])
    assert [bar.note for bar in panel.bars] == ["10 † p99 over 1 s", "2"]
    assert "noise not measured" in panel.title and panel.noise == 1.0


def test_the_report_lists_the_server_of_an_url_or_what_flask_of_2016_needs():
    server = {"command": "gunicorn", "versions": {"Flask": "0.10.1"}}
    without, found = raw(result("flask")), raw(result("flask-2016", server=server))
    assert "Flask, 2016 was not measured in this run" in report.markdown(without)
    text = report.markdown(found)
    assert '"Flask": "0.10.1"' in text and "was not measured in this run" not in text


def test_the_reasons_are_the_two_changes_with_the_smallest_factors_beyond_the_noise():
    costs = {"django-documented": 200, "django-1-seen": 190, "django-2-pubsub": 100,
             "django-3-hub": 20, "flack": 19, "flack again": 21}  # fmt: skip
    found = raw(*(result(name, **{"µs": cost}) for name, cost in costs.items()))
    assert reasons.strongest(found, reasons.DJANGO_CHANGES) == (
        "serialised once a process (×0.20) and one subscription a process (×0.53)"
    )
    assert reasons.strongest(raw(result("flask")), reasons.FLASK_CHANGES) == "none beyond the noise"


def test_a_capacity_stands_with_the_load_that_broke_and_the_most_that_is_tried():
    highest = {"carried": 8000, "broke": None, "reason": ""}
    again = result("flack again", **highest)
    found = raw(result("flask", broke=120), result("flack", **highest), again)
    first = answer.lines(found)[0]
    assert "documented 100 (failed at 120: p99 over 1 s); Django tuned at least 8,000." in first
    assert first.endswith("8,000 is the most that was tried.")
    assert "push not measured of what is carried, ×1.00 of µs; poll" in report.markdown(found)
    panel = charts.capacities(found, WORKS[0])
    assert panel.noise == 1 and "noise not measured" in panel.title


def test_the_noise_is_the_largest_ratio_of_all_pairs():
    results = [result("flack"), result("flask"), result("flask again", carried=130.0, **{"µs": 11}),
               result("flack again", carried=110.0, **{"µs": 13}),
               result("flack", "poll"), result("flask", "poll", carried=90.0),
               result("flask again", "poll", carried=None, broke=None)]  # fmt: skip
    assert contest.noises(results) == {
        "push": {"carried": 1.3, "µs": 1.3}, "poll": {"µs": 1.0}, "post": {},
    }  # fmt: skip


def test_a_server_given_by_its_url_has_services_of_its_own():
    found = raw(result("flask"), result("flask-2016", server={}))
    assert "except Flask, 2016 (untuned), which has Redis" in answer.lines(found)[-1]
    assert "except" not in answer.lines(raw(result("flask")))[-1]


def test_the_method_states_what_happens_to_pushes_that_are_late_in_the_warm_up():
    text = report.markdown(raw(result("flask")))
    assert "not delivered in the warm-up is not measured further: its figures are" in text
    assert "fell behind already in the 5 s of warm-up, it is the cost of the warm-up" in text


def test_a_load_that_failed_in_one_of_two_tries_is_named_with_its_criterion():
    good = {"load": 120, "due": 200, "sent": 200, "p99 ms": 900.0}
    steps = [good, good | {"other work": 0.5, "lost": 1}, good | {"behind ms": 1001.0}]
    found = result("flask", broke=120, reason="late", steps=steps)
    assert answer.broke(found) == (" (failed at 120 in 1 of 2 tries: the last one over 1 s late)")
    assert report.carried(found) == "100 (the last one over 1 s late)"


def test_the_start_of_a_server_given_by_its_url_is_unknown():
    text = report.summary(raw(result("flask"), result("other", **{"first answer s": None})))
    assert "| MiB | start s | lines |" in text
    assert "| – | – | 20 | – | 3 | 511 |" in text
    assert "| – | – | 20 | – | – | – | – | 4 |" in text


def test_the_words_of_the_verdict_name_every_criterion():
    found = raw(result("flask"))
    terms = rules.terms(found, "x.md")
    for words in ("2 of 2 tries of 20 s", "refused", "failed", "lost or doubled", "99 of 100",
                  "the last one", "(x.md#method)"):  # fmt: skip
        assert words in terms
    assert "#method" in report.markdown(found)


def test_the_method_states_its_growing_queue_its_accounts_and_its_authors():
    found = raw(result("flask"))
    text = report.markdown(found)
    assert "one account for every 2 polls, or for every 1 post" in text
    assert "each quarter rises by at least 0.5 of the average rise" in text
    assert "other work on more than 5 % of all cores" in text
    assert "from 20 of the people in the room, who receive them too" in text


def test_the_reasons_give_the_cost_at_the_most_people_that_each_tuned_version_carried():
    flask = [{"load": load, "µs": cost} for load, cost in ((900, 20), (5000, 2.5), (8000, 2))]
    django = [{"load": 900, "µs": 20}, {"load": 8000, "µs": 1.5}]
    tuned = result("flask-tuned", carried=5000, steps=flask)
    found = raw(tuned, result("flack", carried=8000, steps=django))
    assert reasons.why(found).endswith(
        "costs less: 2.5 µs at 5,000 people in Flask and 1.5 µs at 8,000 people in Django, the "
        "most that each carried."
    )
    refused = {"load": 900, "refused": "all"}  # a step without a cost
    for other in (result("flack", carried=900, steps=django),
                  result("flack", carried=8000, steps=[refused]),
                  result("flack", carried=None), result("flack", carried=0)):  # fmt: skip
        assert reasons.at_the_limit(raw(tuned, other)) == ""
    assert reasons.at_the_limit(raw(tuned)) == ""


def test_two_loads_tell_the_cost_of_one_more_page_and_of_the_post_apart():
    flask = result("flask-tuned", carried=4500, steps=[{"load": 4500, "µs": 11}], **{"µs": 20})
    django = result("flack", carried=8000, steps=[{"load": 8000, "µs": 11}], **{"µs": 15})
    shown = "8.8 and 10,100 µs in Flask (900 and 4,500 people); 10 and 4,060 µs in Django (900 and"
    assert shown in reasons.why(raw(flask, django))
    cheaper = result("flack", carried=8000, steps=[{"load": 8000, "µs": 1}], **{"µs": 15})
    for other in (cheaper, result("flack", carried=900), result("flack", carried=None)):
        assert reasons.shares(raw(flask, other)) == ""


def test_neither_the_rest_nor_what_only_django_adds_is_a_reason_for_a_cheaper_delivery_of_flask():
    costs = {"flask": 40, "flask-5-joined": 30, "flask-tuned": 15, "flack": 10, "flack again": 10}
    found = raw(*(result(name, **{"µs": cost}) for name, cost in costs.items()))
    assert "most in Flask: joined writes (×0.75); and in Django" in reasons.why(found)


def test_what_it_costs_is_more_than_lines():
    found = raw(result("flask"))
    found["contestants"]["flask-tuned"] = found["contestants"]["flask-tuned"] | {"private names": 1}
    text = answer.lines(found)[-1]
    assert "documented 511 lines, 47 packages, no private names; Flask tuned 511" in text
    assert "47 packages, 1 private name; Django" in text


def test_a_gain_from_a_load_that_was_not_carried_is_marked():
    found = raw(result("flask", **{"µs": 30, "at the same load": "late"}), result("flack"))
    assert answer.gain(found, "flask", "flack") == "3.0 times less †"
    assert answer.gain(found, "flask", "flask-tuned") == "an unmeasured amount less"
