"""The simulation behind docs/SCALING.md."""

import re
from dataclasses import replace

import pytest

from comparison import machines
from comparison.bench.table import HOLDING, load
from comparison.scaling import DOCUMENT, compared, poisson, regular, simulate, written
from comparison.units import BUSY, POINTS, Costs, fitted, of_pushes

RESULTS = load()
COST = Costs(
    hear=100, deliver=10, hold=0, join=1, relay=5, ping=1000, post=5000,
    redis_push=50, redis_node=10, redis_ping=50, redis_post=50,
    postgresql_ping=500, postgresql_post=500, socket=17,
)  # fmt: skip


@pytest.mark.parametrize(("row", "measured", "simulated"), list(compared(RESULTS)))
def test_the_simulation_matches_the_measurement(row, measured, simulated):
    assert simulated == pytest.approx(measured, rel=0.2)


def test_the_document_has_the_tables_of_the_last_bench():
    assert DOCUMENT.read_text() == written(DOCUMENT.read_text(), RESULTS)


def test_unit_costs_are_solved_from_the_rows():
    assert fitted([((1, 1), 30), ((1, 2), 50)]) == pytest.approx([10, 20])


def test_no_unit_cost_is_below_zero_when_noise_asks_for_it():
    assert fitted([((1, 1), 10), ((1, 2), 30), ((1, 3), 40)]) == pytest.approx([0, 12.04], abs=0.01)


def test_the_cost_of_holding_a_socket_follows_its_own_row():
    flack = {row: {"µs": 10 + 500 / sockets + 20 / hertz}
             for row, (sockets, _, hertz) in POINTS.items()}  # fmt: skip
    assert of_pushes(flack) == pytest.approx([500, 10, 20])
    *_, hold = of_pushes(flack | {HOLDING: {"µs a second": 2}})
    assert hold < 4


def test_the_page_names_the_nodes_for_a_million_people():
    text = DOCUMENT.read_text()
    (nodes,) = re.findall(r"with a message a second need (\d+) nodes", text)
    assert f"| 1,000,000 | 1 | {nodes} |" in text


def test_the_table_of_people_has_one_node_in_the_singular():
    text = machines.table(replace(COST, ping=100))
    assert "(1 node, " in text and "(2 nodes, " in text


def test_a_node_that_keeps_up_sends_each_push_at_once():
    result = simulate(COST, sockets=1000, nodes=1, gaps=regular(10))
    assert result.p99 == pytest.approx(0.0101)  # received once, delivered a thousand times
    assert result.busy == pytest.approx(0.101, rel=0.01)


def test_an_idle_socket_costs_cpu_time():
    result = simulate(replace(COST, hold=20), sockets=1000, nodes=1, gaps=regular(10))
    assert result.cpu == pytest.approx(10.1 + 20 / 10, rel=0.01)


def test_every_node_receives_every_push():
    result = simulate(COST, sockets=1000, nodes=4, gaps=regular(10))
    assert result.cpu == pytest.approx(10 + 4 * 100 / 1000)


def test_a_node_that_falls_behind_writes_queued_pushes_in_one_batch():
    result = simulate(COST, sockets=1000, nodes=1, gaps=regular(400))
    assert result.cpu < 5
    assert result.p99 < 0.1


def test_pushes_at_random_times_wait_longer():
    steady = simulate(COST, sockets=1000, nodes=1, gaps=regular(40))
    assert simulate(COST, sockets=1000, nodes=1, gaps=poisson(40)).p99 > 1.5 * steady.p99


def test_other_work_on_the_core_delays_pushes():
    result = simulate(COST, sockets=1000, nodes=1, gaps=regular(10), background=0.5)
    assert result.p99 == pytest.approx(0.0202)


def test_a_machine_carries_what_keeps_its_cores_busy_to_the_bound():
    people = machines.people_on(COST, cores=8, hertz=1)
    assert machines.load_of(COST, people, 1).cores <= 8 * BUSY
    assert machines.load_of(COST, people + 1, 1).cores > 8 * BUSY


def test_the_cost_of_people_is_the_sum_of_the_units():
    load = machines.load_of(replace(COST, hold=20), people=3000, hertz=2)
    # deliveries, holding, pings, posts, and two pushes that the only node receives
    assert load.web == pytest.approx((60_000 + 60_000 + 100_000 + 10_000 + 200) / 1e6)
    assert load.nginx == pytest.approx(3000 * 2 * 5 / 1e6)
    assert load.redis == pytest.approx((2 * (50 + 10 + 50) + 100 * 50) / 1e6)
    assert load.postgresql == pytest.approx((2 * 500 + 100 * 500) / 1e6)
    assert load.nodes == 1


def test_no_node_is_busier_than_its_bound():
    load = machines.load_of(COST, people=100_000, hertz=10)
    assert load.web / load.nodes <= BUSY < load.web / (load.nodes - 1)


def test_redis_which_uses_one_core_limits_a_large_machine():
    dear = replace(COST, redis_ping=5000)
    people = machines.people_on(dear, cores=64, hertz=1)
    assert machines.limit(dear, people + 1, 1, cores=64) == "Redis"
    assert machines.people_on(dear, cores=128, hertz=1) == people


def test_more_messages_carry_fewer_people_and_more_cores_more():
    few, many = (machines.people_on(COST, 8, hertz) for hertz in (10, 0.1))
    assert few < many < machines.people_on(COST, 64, 0.1)


def test_people_are_rounded_down_to_two_digits():
    assert machines.rounded(12_987) == "12,000"
    assert machines.rounded(7) == "7"
