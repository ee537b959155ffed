"""`make people` fails unless every user stayed online and every socket open."""

from dataclasses import replace

import pytest

from comparison.bench.people import Outcome, as_table, crowds
from comparison.bench.processes import Processes
from comparison.bench.servers import flack

WHOLE = Outcome(
    sockets=2000, seconds=300, cpu={"nodes": 0.1, "redis": 0.02}, resident=300 * 1024,
    grown=20_000, offline=0, changed=0, closed=0, reached=2000,
)  # fmt: skip


def test_a_run_is_whole_if_all_users_and_sockets_stayed():
    assert WHOLE.is_whole


@pytest.mark.parametrize(
    "change", [{"offline": 1}, {"changed": 1}, {"closed": 1}, {"reached": 1999}]
)
def test_a_run_is_not_whole_if_a_user_or_a_socket_was_away(change):
    assert not replace(WHOLE, **change).is_whole


def test_the_table_has_a_column_for_each_database():
    other = replace(WHOLE, cpu={"nodes": 0.2, "postgresql": 0.3}, offline=7)
    table = as_table({"SQLite": WHOLE, "PostgreSQL": other})
    assert "| | SQLite | PostgreSQL |" in table
    assert "| nodes, µs for each socket and second | 50.0 | 100.0 |" in table
    assert "| memory of a socket, KiB | 10.0 | 10.0 |" in table
    assert "| users offline at the end | 0 | 7 |" in table
    assert "| cores busy: redis | 0.020 | 0.000 |" in table
    assert "| cores busy: postgresql | 0.000 | 0.300 |" in table


def test_a_generator_that_cannot_connect_ends_the_run():
    server = flack([1], Processes(), Processes(), "redis://127.0.0.1:1")  # no server is there
    with crowds(server, ["token"]) as (started, _):
        (heard,) = started.values()
        with pytest.raises(EOFError):
            heard.recv()
