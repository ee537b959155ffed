"""Tests of the rule by which a series grows, and of where its figures are written."""

import asyncio
import random
import time

import pytest

from tests.soak import __main__ as soak
from tests.soak.growth import CONTROL, Series, growth, growths
from tests.soak.samples import Stalls

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
    assert not growth("MiB node.1", spikes).is_too_fast


@pytest.mark.parametrize(("hourly", "is_too_fast"), [(1.9, False), (2.2, True)])
def test_a_small_number_may_grow_by_the_least_of_its_unit(hourly, is_too_fast):
    small = series(start=5, hourly=hourly, noise=0.01)
    assert growth("MiB valkey.1", small).is_too_fast is is_too_fast


def test_messages_may_grow():
    assert not growth("rows message", series(hourly=10_000)).is_too_fast


def test_a_step_that_a_short_run_sees_is_no_leak():
    step = [(at, 70.0 + (at > 2000)) for at in HOUR[180:220]]  # 70 files, then 71
    assert not growth("files node.1", step).is_too_fast


def test_latency_is_not_judged():
    assert not growth("ms 95 %", series(hourly=1000)).is_too_fast


@pytest.mark.parametrize(
    ("control", "is_too_fast"), [(0, True), (0.2, True), (1, False), (-2, True)]
)
def test_cpu_time_may_grow_by_the_share_by_which_the_test_itself_is_dearer(control, is_too_fast):
    found = growths(
        {
            CONTROL: series(start=4, hourly=control, noise=0.1),
            "cpu nodes": series(start=8, hourly=1.8, noise=0.1),
        }
    )
    assert found["cpu nodes"].is_too_fast is is_too_fast
    assert not found[CONTROL].is_too_fast


def test_more_cpu_time_for_each_request_is_growth():
    assert growth("cpu nodes", series(start=8, hourly=1.8, noise=0.3)).is_too_fast


def test_a_run_of_an_hour_replaces_the_figures_in_the_document(tmp_path, monkeypatch):
    document = tmp_path / "RELIABILITY.md"
    document.write_text(soak.DOCUMENT.read_text())
    monkeypatch.setattr(soak, "DOCUMENT", document)
    for figure in ("1 lost", "0 lost"):
        soak.record([figure, "", "| Series |"])
    before, _, rest = document.read_text().partition("<!-- make soak -->\n")
    figures, _, after = rest.partition("<!-- end -->")
    assert figures == "![Samples of an hour](soak.svg)\n\n0 lost\n\n| Series |\n"
    assert before and after and soak.DOCUMENT.read_text().startswith(before)


async def test_a_loop_that_runs_nothing_for_a_while_has_stalled_so_long():
    stalls = Stalls()
    measuring = asyncio.create_task(stalls.run())
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(time.sleep, 0.2)
    while not stalls.longest:
        await asyncio.sleep(0)
    measuring.cancel()
    assert stalls.longest > 0.1
    assert stalls.take() > 0.1
    assert stalls.take() == 0
