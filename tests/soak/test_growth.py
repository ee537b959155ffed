"""Tests of the rule by which a series grows."""

import random

import pytest

from tests.soak.growth import CONTROL, Series, growth, growths

HOUR = [10.0 * number for number in range(360)]


def series(*, start: float = 100, hourly: float = 0, noise: float = 1) -> Series:
    """Return the samples of an hour: a line with noise."""
    dice = random.Random(1)
    return [(at, start + hourly * at / 3600 + dice.gauss(0, noise)) for at in HOUR]


@pytest.mark.parametrize(("hourly", "is_too_fast"), [(0, False), (9, False), (14, True)])
def test_a_leak_of_more_than_a_tenth_an_hour_is_found_in_noise(hourly, is_too_fast):
    assert growth("MiB node.1", series(hourly=hourly)).is_too_fast is is_too_fast


def test_what_grows_at_first_only_is_no_leak():
    warm = [(at, min(200.0, 100 + at / 10)) for at in HOUR]
    assert growth("MiB node.1", warm).slope == 0


def test_a_third_of_outliers_moves_nothing():
    spikes = [(at, value + 500 * (number % 3 == 0)) for number, (at, value) in enumerate(series())]
    assert not growth("ms median", spikes).is_too_fast


@pytest.mark.parametrize(("hourly", "is_too_fast"), [(1.9, False), (2.2, True)])
def test_a_small_number_may_grow_by_the_least_of_its_unit(hourly, is_too_fast):
    small = series(start=5, hourly=hourly, noise=0.01)
    assert growth("MiB valkey.1", small).is_too_fast is is_too_fast


def test_messages_may_grow():
    assert not growth("rows message", series(hourly=10_000)).is_too_fast


@pytest.mark.parametrize(
    ("control", "is_too_fast"), [(0, True), (0.5, True), (12, False), (-2, True)]
)
def test_latency_may_grow_by_the_share_by_which_the_whole_machine_is_slower(control, is_too_fast):
    found = growths(
        {
            CONTROL: series(start=5, hourly=control, noise=0.1),
            "ms 95 %": series(start=50, hourly=400),
            "cpu nodes": series(start=5, hourly=0.1, noise=0.1),
        }
    )
    assert found["ms 95 %"].is_too_fast is is_too_fast
    assert not found["cpu nodes"].is_too_fast


def test_more_cpu_time_for_each_request_is_growth():
    assert growth("cpu nodes", series(start=8, hourly=1.5, noise=0.3)).is_too_fast
