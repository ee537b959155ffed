"""The method of the comparison, without servers."""

import itertools
import math
from random import Random

import pytest

from comparison.compare import method
from comparison.compare.method import Tried

GOOD = {"due": 200, "sent": 200, "p99 ms": 10.0}


def test_a_quantile_is_the_nearest_rank():
    values = [float(number) for number in range(1, 101)]
    assert method.quantile(values, 0.99) == 99
    assert method.quantile(values, 0.5) == 50
    assert method.quantile([7.0], 0.99) == 7
    assert method.quantile([], 0.99) == 0


def test_the_p99_of_twenty_samples_is_the_maximum_and_of_all_deliveries_it_is_not():
    assert method.quantile([*range(19), 1000], 0.99) == 1000
    assert method.quantile([*range(1999), 10**6], 0.99) == 1979


def test_too_many_values_are_sampled_evenly():
    sample = method.evenly(range(10_000), 100)
    assert len(sample) == 100
    assert {later - earlier for earlier, later in itertools.pairwise(sample)} == {100}
    assert method.evenly([1, 2], 2) == [1, 2]


@pytest.mark.parametrize(
    ("delays", "growing"),
    [
        ([10] * 100, False),
        ([10] * 90 + [5000] * 10, False),  # one hiccup
        ([float(number * 10) for number in range(100)], True),
        ([5, 5, 5, 5, 90, 90, 90, 90], False),  # within 100 ms
        ([10] * 75 + [600] * 25, False),  # delayed once, and catching up
        ([10] * 25 + [300] * 25 + [290] * 25 + [400] * 25, False),  # fell in between
        ([1], False),
    ],
)
def test_a_queue_grows_when_the_last_quarter_waits_twice_as_long(delays, growing):
    assert method.is_growing(method.quarters(delays)) is growing


def waits(load, random, delayed_at=None):
    """Return the waiting times, in ms, of a server at a part of its core for 20 s, 100 a second.

    It is delayed once, by 0.6 s, in the given second.
    """
    free, found = 0.0, []
    for due in (number / 100 for number in range(2000)):
        begin = max(free, due)
        if delayed_at is not None and begin > delayed_at:
            begin, delayed_at = begin + 0.6, None
        free = begin + random.gammavariate(4, load / 100 / 4)
        found.append(1000 * (free - due))
    return found


def grown(load, delayed=False):
    """Return in how many of 100 steps at a part of a server's core its queue is called growing."""
    random, found = Random(1), 0
    for _ in range(100):
        delays = waits(load, random, random.uniform(0, 19) if delayed else None)
        found += method.is_growing(method.quarters(delays))
    return found


def test_a_server_that_keeps_up_and_was_delayed_once_has_no_growing_queue():
    assert grown(0.92, delayed=True) == 0
    assert grown(1.1) == 98  # the report states it


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ({}, ""),
        ({"sent": 198}, ""),
        ({"sent": 197}, "generator"),
        ({"sent": 89, "p99 ms": 5000.0}, "generator"),
        ({"lag ms": 251.0}, "generator"),
        ({"refused": 1, "errors": 1}, "refused"),
        ({"errors": 1}, "errors"),
        ({"lost": 1}, "lost"),
        ({"doubled": 1}, "doubled"),
        ({"p99 ms": 1001.0}, "late"),
        ({"behind ms": 1001.0}, "behind"),
        ({"growing": True}, "queue grows"),
    ],
)
def test_a_load_is_not_carried_for_one_reason(numbers, reason):
    assert method.broken(GOOD | numbers) == reason


def server(limit, given=None, **numbers):
    """Return a function that measures a server which carries up to `limit`."""

    def measure(load):
        if given is not None:
            given.append(load)
        return GOOD | {"lost": int(load > limit)} | numbers

    return measure


def test_a_step_with_other_work_is_repeated_and_the_last_one_counts():
    steps = [GOOD | {"other work": 0.06, "lost": 1}, GOOD | {"other work": 0.05}]
    assert method.attempt(lambda load: steps.pop(0), 10) == Tried("", False)
    assert not steps


def test_a_load_that_is_always_disturbed_is_reported_as_such():
    given = []
    found = method.attempt(server(5, given, **{"other work": 0.5}), 3, repeats=2)
    assert found == Tried("", True)
    assert given == [3, 3, 3]


def test_a_failure_of_the_generator_is_repeated_and_never_carried():
    given = []
    assert method.attempt(server(5, given, sent=100), 3) == Tried("generator", False)
    assert len(given) == 1 + method.REPEATS


def find(limit, first=10, highest=10_000, **options):
    given = []
    found = method.capacity(
        lambda load: method.attempt(server(limit, given), load), first, highest, **options
    )
    return found, given


@pytest.mark.parametrize("limit", [1, 7, 10, 333, 900, 9_999])
@pytest.mark.parametrize("first", [10, 1000])
def test_bisection_brackets_the_capacity_closely(limit, first):
    found, given = find(limit, first)
    assert found.carried <= limit < found.broke
    assert found.broke <= max(found.carried, 1) * 1.1 + 1
    assert found.reason == "lost"
    assert len(given) <= 18


@pytest.mark.parametrize("limit", [1, 7, 333, 10**9])
def test_the_load_that_is_reported_was_carried_in_two_of_two_tries(limit):
    found, given = find(limit)
    assert given.count(found.carried) == 2
    assert all(given.count(load) == 1 for load in given if load != found.carried)


def test_a_load_that_breaks_in_its_second_try_is_not_carried():
    tried = []

    def breaks_later(load):
        tried.append(load)
        late = load > 90 or (tried.count(80) > 1 and load == 80)
        return Tried("late" if late else "", False, fills=90)

    found = method.capacity(breaks_later, 80, 1000, precision=1.2)
    assert (found.carried, found.broke) == (66, 80)
    assert tried == [80, 96, 80, 66, 66]


@pytest.mark.parametrize("believed", [0.5, 0.8, 1.0, 1.2, 1.5])  # a load costs less, or more
@pytest.mark.parametrize("limit", [107, 432, 5006])
def test_the_way_up_follows_what_a_load_cost(limit, believed):
    def measure(load):
        return server(limit)(load) | {"fills": round(limit * (believed + load / limit) / 2)}

    tried = []
    found = method.capacity(
        lambda load: tried.append(load) or method.attempt(measure, load),
        round(0.5 * limit), 10_000, precision=1.2,
    )  # fmt: skip
    assert found.carried <= limit < found.broke <= found.carried * 1.2 + 1
    assert len(tried) <= 7


def test_bisection_ends_at_the_highest_load():
    found, _ = find(10**9)
    assert (found.carried, found.broke, found.reason) == (10_000, None, "")


def test_a_server_that_carries_nothing_has_the_capacity_0():
    found, _ = find(0)
    assert (found.carried, found.broke) == (0, 1)


def test_a_capacity_that_the_generator_limits_is_reported_as_such():
    def measure(load):
        return GOOD | {"sent": 200 if load <= 100 else 10}

    found = method.capacity(lambda load: method.attempt(measure, load), 10, 10_000)
    assert found.carried <= 100 and found.reason == "generator"


def test_a_coarse_bisection_takes_fewer_steps():
    assert len(find(333, precision=1.5)[1]) < len(find(333)[1])


def test_the_noise_is_the_largest_ratio_and_drops_no_pair():
    assert method.noise([]) == 1
    assert method.noise([(10, 11), (20, 16)]) == 1.25
    assert method.noise([(10, 0)]) == math.inf
    assert method.noise([(0, 0)]) == 1


def test_no_difference_within_the_noise_is_one():
    assert not method.differ(10, 12, 1.25)
    assert method.differ(10, 13, 1.25)
    assert method.differ(13, 10, 1.25)


def test_a_capacity_is_given_up_after_so_many_loads():
    tried = []

    def never(load):
        tried.append(load)
        return method.Tried("late", disturbed=False)

    found = method.capacity(never, 800, 8000, precision=2, most=3)
    assert tried == [800, 400, 200]
    assert (found.carried, found.broke, found.reason) == (0, 200, "late")
