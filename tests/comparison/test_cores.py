"""The servers and the generator keep to their cores, and other work is noticed."""

import gzip
import os
import platform
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


def configuration(folder, name, text):
    """Write a kernel's configuration, packed if its name ends in .gz, and return its path."""
    path = folder / name
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return str(path)


@pytest.mark.parametrize("name", ["config.gz", "config-{}"])
@pytest.mark.parametrize(
    ("line", "are_charged"),
    [(b"CONFIG_IRQ_TIME_ACCOUNTING=y", False),
     (b"# CONFIG_IRQ_TIME_ACCOUNTING is not set", True),
     (b"CONFIG_HAVE_IRQ_TIME_ACCOUNTING=y", True)],
)  # fmt: skip
def test_interrupts_are_charged_to_processes_unless_the_kernel_accounts_for_them(
    tmp_path, name, line, are_charged
):
    configuration(tmp_path, name.format(platform.release()), b"CONFIG_A=y\n" + line + b"\n")
    where = (str(tmp_path / "none"), str(tmp_path / name))
    assert cores.are_interrupts_charged(where) is are_charged


def test_a_kernel_without_a_readable_configuration_is_taken_for_one_that_charges_none(tmp_path):
    assert cores.are_interrupts_charged((str(tmp_path / "none"),)) is False


def test_the_time_of_the_machine_has_interrupts_where_processes_are_charged_for_them(
    tmp_path, monkeypatch
):
    stat = tmp_path / "stat"  # user, nice, system, idle, iowait, irq, softirq, steal
    stat.write_text("cpu  100 20 300 99999 88888 7 4000 50000 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n")
    monkeypatch.setattr(cores, "STAT", stat)
    used = 100 + 20 + 300 + 50_000
    assert cores.machine_seconds(are_charged=False) == used / cores.TICKS
    assert cores.machine_seconds(are_charged=True) == (used + 7 + 4000) / cores.TICKS


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
