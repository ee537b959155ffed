"""The tables of comparison/BENCH.md are those of the raw numbers."""

import re

import pytest

from comparison.bench import calls, table, targets
from comparison.bench.__main__ import measure, merged
from comparison.bench.missed import explanation
from comparison.bench.processes import free_port, listening_on

RESULTS = table.load()


def test_the_document_has_the_medians_and_targets_of_the_last_bench():
    document = table.REPORT.read_text()
    assert table.works(RESULTS) in document
    assert targets.table(RESULTS) in document
    assert f"<!-- missed -->\n{targets.missed(RESULTS)}\n" in document
    assert f"<!-- pythons -->\n{table.pythons(RESULTS)}\n" in document


def test_the_document_states_the_number_of_rounds():
    assert f"; {table.rounds(RESULTS)} rounds of each row" in table.REPORT.read_text()


def test_rows_with_different_numbers_of_rounds_give_a_range():
    assert table.rounds({"a": {"flack": [{}, {}]}, "b": {"flack": [{}, {}, {}]}}) == "2 to 3"


def numbers(value, run=None):
    """Return the numbers of one round."""
    return [{"µs": value} | ({} if run is None else {table.RUN: run})]


def test_a_run_keeps_the_columns_of_servers_that_it_does_not_start():
    stored = {"push": {"flack": numbers(1), "flask": numbers(9)}, "poll": {"flack": numbers(2)}}
    assert merged(stored, {"push": {"flack": numbers(3)}}) == {
        "push": {"flack": numbers(3), "flask": numbers(9)},
        "poll": {"flack": numbers(2)},
    }


def test_only_the_wanted_rows_are_measured_and_all_others_stay(monkeypatch):
    monkeypatch.setattr(table, "load", lambda: {"poll": {"flack": numbers(2)}})
    plans = [("flack", {"push": lambda: {"µs": 3}, "poll": lambda: pytest.fail("not wanted")}),
             ("flask", {"push": lambda: {"µs": 7}})]  # fmt: skip
    *_, results = measure(plans, 2, re.compile("push"))
    assert [each["µs"] for each in results["push"]["flack"]] == [3, 3]
    assert [each["µs"] for each in results["push"]["flask"]] == [7, 7]
    assert results["poll"] == {"flack": numbers(2)}


def test_numbers_of_an_earlier_run_are_marked_and_never_compared():
    results = {"steady push": {"flack": numbers(1, 200), "socket.io": numbers(2, 100),
                               "flask": numbers(10, 200)}}  # fmt: skip
    assert "| steady push | 1 µs | 2 µs † | 10 µs |" in table.works(results)
    lines = targets.table(results)
    assert "| steady push: µs ≤ 0.9 of socket.io's | 0.5 | 1 µs | of two runs: no result |" in lines
    assert "| steady push: µs ≤ 0.22 of flask's | 0.1 | 1 µs | met |" in lines


def test_a_target_may_compare_two_keys():
    results = {"a ping of a user": {"flack": [{"node and redis µs": 90}]},
               table.RAW_ASGI: {"daphne": numbers(100)}}  # fmt: skip
    assert "| 0.9 | 90 node and redis µs | met |" in targets.table(results)


@pytest.mark.parametrize("row", sorted({target.row for target in targets.TARGETS}))
def test_each_target_has_a_reason_to_print_when_it_is_missed(row):
    assert explanation(row)


def test_missed_targets_are_listed_with_their_reason():
    results = {"GET 100 messages": {"flack": numbers(900)}, "POST message": {"flack": numbers(900)},
               table.RAW_ASGI: {"daphne": numbers(100)}}  # fmt: skip
    (line,) = targets.missed(results).splitlines()
    assert line.startswith(f'- **GET 100 messages: µs ≤ 8 of daphne\'s of "{table.RAW_ASGI}".** ')
    assert line.endswith(explanation("GET 100 messages"))


def test_a_target_that_compares_two_runs_is_not_listed_as_missed():
    results = {"POST message": {"flack": numbers(9000, 200)},
               table.RAW_ASGI: {"daphne": numbers(100, 100)}}  # fmt: skip
    assert targets.missed(results) == "None: all targets that were measured in one run are met."


def test_versions_of_python_are_compared_with_the_same_run_only():
    results = {
        "burst": {"flack": numbers(10, 200), "Python 3.12": numbers(9, 200),
                  "Python 3.13": numbers(5, 100)},
        "poll": {"flack": numbers(1, 200)},
    }  # fmt: skip
    assert table.pythons(results).splitlines() == [
        "| Measurement | flack | Python 3.12 | Python 3.13 |",
        "|---|---|---|---|",
        "| burst | 10 µs | 9 µs (0.90) |  |",
    ]
    assert "Python" not in table.works(results)


def test_a_port_without_a_server_is_named():
    port = free_port()
    with pytest.raises(LookupError, match=f"No process of this machine listens on port {port}"):
        listening_on(port)


@pytest.mark.django_db
def test_each_replaced_default_runs_beside_its_replacement():
    called = {}
    for what, variant, call in (*calls.rows(), *calls.commits()):
        call()
        called.setdefault(what, []).append(variant)
    assert [what for what, variants in called.items() if len(variants) < 2] == []
