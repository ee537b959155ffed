"""Tests of chat/observability/metrics.py and of the dashboard that reads it."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from celery.app.task import Context
from prometheus_client import REGISTRY

from chat import tasks
from chat.observability import metrics
from chat.realtime.socket import Socket
from tests.kit import until

ROOT = Path(__file__).resolve().parents[3]


def value(name, **labels):
    """Return what a metric of this process is now, 0 if it was never counted."""
    return REGISTRY.get_sample_value(name, labels) or 0


@pytest.mark.parametrize(
    ("method", "route", "labels"),
    [
        ("GET", "index", {"method": "GET", "route": "index"}),
        ("PATCH", "message-detail", {"method": "PATCH", "route": "message-detail"}),
        ("MAKEUP", None, {"method": "other", "route": "none"}),
    ],
)
def test_clients_cannot_make_up_labels(method, route, labels):
    labels = {**labels, "status": "200"}
    before = value("flack_requests_total", **labels)
    metrics.count_request(method, route, 200, 0.1)
    assert value("flack_requests_total", **labels) == before + 1


async def test_a_fan_out_is_counted_once_for_all_its_sockets(live, publisher):
    names = ("flack_sockets", "flack_deliveries_total", "flack_fan_out_seconds_count")
    before = {name: value(name) for name in names}

    async def send(message):
        pass

    sockets = [Socket(send, "here", texts=True) for _ in range(3)]
    for socket in sockets:
        live.join(socket)
    assert value("flack_sockets") == before["flack_sockets"] + 3
    publisher.publish("a")
    publisher.publish("b")
    while value("flack_fan_out_seconds_count") == before["flack_fan_out_seconds_count"]:
        await asyncio.sleep(0)
    assert value("flack_deliveries_total") == before["flack_deliveries_total"] + 6
    assert value("flack_fan_out_seconds_count") == before["flack_fan_out_seconds_count"] + 1
    for socket in sockets:
        live.leave(socket)
    assert value("flack_sockets") == before["flack_sockets"]


def test_the_age_of_a_task_is_from_asking_to_its_start(clock):
    labels = {"task": "chat.tasks.find_offline_users"}
    name = "flack_task_age_seconds_sum"
    before = value(name, **labels)
    headers = {}
    metrics.note_when(headers=headers)
    clock.advance(7)
    tasks.find_offline_users.push_request(**headers)
    metrics.observe_age(task=tasks.find_offline_users)
    tasks.find_offline_users.pop_request()
    assert 7 <= value(name, **labels) - before < 8


def test_a_task_of_an_older_version_has_no_age():
    task = tasks.find_offline_users
    assert Context().get("asked_at") is None
    metrics.observe_age(task=task)


@pytest.fixture
def counting(tmp_path):
    """A function that lets a process count something in a shared folder, and live on."""
    processes = []

    def counting(code):
        process = subprocess.Popen(
            [sys.executable, "-c", f"{code}\nprint(1, flush=True); input()"],
            cwd=ROOT,
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        processes.append(process)
        assert process.stdout.readline()
        return process

    yield counting
    for process in processes:
        process.kill()
        process.communicate()


def test_processes_that_were_killed_have_no_sockets_but_what_they_counted_stays(counting, tmp_path):
    imports = "import sys; from chat.observability import metrics\n"
    code = f"{imports}metrics.SOCKETS.inc(5); metrics.DELIVERIES.inc(7)"
    first, _ = counting(code), counting(code)
    ask = f"{imports}sys.stdout.buffer.write(metrics.exposition())"

    def told():
        run = subprocess.run(
            [sys.executable, "-c", ask],
            cwd=ROOT,
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        return dict(re.findall(r"^(flack_sockets|flack_deliveries_total) (\S+)$", run.stdout, re.M))

    assert told() == {"flack_sockets": "10.0", "flack_deliveries_total": "14.0"}
    first.kill()
    first.wait()
    until(lambda: told() == {"flack_sockets": "5.0", "flack_deliveries_total": "14.0"})
    assert not list(tmp_path.glob(f"*_{first.pid}.db"))
    assert told() == {"flack_sockets": "5.0", "flack_deliveries_total": "14.0"}


def dashboard():
    """Return the panels of the dashboard."""
    return json.loads((ROOT / "deploy/grafana/flack.json").read_text())["panels"]


def test_the_dashboard_asks_only_for_metrics_that_there_are():
    there = {
        sample
        for family in REGISTRY.collect()
        if family.name.startswith("flack_")
        for sample in (
            [f"{family.name}_{suffix}" for suffix in ("bucket", "sum", "count")]
            if family.type == "histogram"
            else [f"{family.name}_total" if family.type == "counter" else family.name]
        )
    }
    asked = {
        name
        for panel in dashboard()
        for target in panel["targets"]
        for name in re.findall(r"\bflack_\w+", target["expr"])
    }
    assert asked <= there
    # And it shows each of them, a histogram by one of its parts.
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in there - asked} <= {
        re.sub("_(bucket|sum|count)$", "", name) for name in asked
    }


def test_the_dashboard_groups_only_by_labels_that_there_are():
    labels = {"le", *metrics.REQUESTS._labelnames, *metrics.TASKS._labelnames}
    for panel in dashboard():
        for target in panel["targets"]:
            grouped = re.findall(r"by \(([\w, ]+)\)", target["expr"])
            shown = re.findall(r"{{(\w+)}}", target["legendFormat"])
            assert {*", ".join(grouped).split(", "), *shown} - {""} <= labels
