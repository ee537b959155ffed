"""The servers and the generator keep to their cores, and other work is noticed."""

import os
import subprocess
import sys
import time

import pytest

from comparison.bench import cores
from comparison.bench.cores import Cores, OtherWork, own_seconds, pinned


@pytest.mark.parametrize(
    ("available", "servers", "generator"),
    [([0, 1], {0}, {1}), ([3], {3}, {3}), ([0, 1, 2, 3], {0}, {3})],
)
def test_servers_and_generator_have_cores_of_their_own(available, servers, generator):
    split = Cores.split(available)
    assert (split.servers, split.generator) == (servers, generator)
    assert str(split)


def test_a_process_that_is_started_while_pinned_stays_pinned():
    before = os.sched_getaffinity(0)
    core = min(before)
    ask = "import os; print(sorted(os.sched_getaffinity(0)))"
    with pinned(frozenset([core])):
        done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True)
    assert done.stdout.strip() == f"[{core}]"
    assert os.sched_getaffinity(0) == before


def test_other_work_is_what_the_machine_did_beside_its_own():
    times = {"machine": 100.0, "own": 10.0}
    watch = OtherWork(lambda: times["own"], lambda: times["machine"], cores=2)
    with watch:
        began = time.perf_counter()
        while time.perf_counter() < began + 0.05:
            pass
        times["machine"] += 0.05
        times["own"] += 0.03
    assert 0 < watch.share <= 0.2  # 0.02 s in at least 0.05 s of two cores


def test_own_work_is_no_other_work():
    times = {"machine": 0.0}
    with OtherWork(lambda: times["machine"], lambda: times["machine"], cores=1) as watch:
        times["machine"] += 5
    assert watch.share == 0


def test_other_work_is_sampled_all_the_time(monkeypatch):
    monkeypatch.setattr(cores, "EVERY", 0.001)
    with OtherWork(own_seconds([])) as watch:
        while len(watch.samples) < 3:
            time.sleep(0.001)
    assert all(sample >= 0 for sample in watch.samples)
