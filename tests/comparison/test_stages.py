"""The stages between "django-documented" and this project change what they name."""

import asyncio
import os
import subprocess
import sys
from itertools import pairwise

import pytest
from channels.layers import InMemoryChannelLayer

from chat.models import User
from comparison.bench.cores import Cores
from comparison.compare.contest import entries
from comparison.compare.machine import size
from comparison.contestants.definitions import (
    CONTESTANTS,
    DJANGO_STAGES,
    FLASK_STAGES,
    ROOT,
    STAGED,
    STAGES,
)
from comparison.contestants.django_documented.push import GROUP
from comparison.contestants.django_stages import ideas


@pytest.mark.parametrize(
    ("online", "ago", "writes"),
    [(True, 0, 0), (True, 14, 0), (True, 15, 1), (False, 0, 1)],
)
def test_a_user_is_written_as_seen_once_in_15_s(monkeypatch, online, ago, writes):
    written = []
    monkeypatch.setattr(ideas, "write_seen", written.append)
    monkeypatch.setattr(ideas, "timestamp", lambda: 1000)
    user = User(online=online, last_seen_at=1000 - ago)
    ideas.seen(user)
    assert written == [user] * writes


class Client:
    """A socket that keeps what it is sent."""

    def __init__(self, layer):
        self.channel_layer, self.sent = layer, asyncio.Queue()
        self.base_send = self.sent.put


async def test_all_clients_of_a_process_are_sent_one_message_object():
    layer, hub = InMemoryChannelLayer(), ideas.Hub()
    clients = [Client(layer), Client(layer)]
    for client in clients:
        await hub.join(client)
    try:
        assert len(layer.groups[GROUP]) == 1
        await layer.group_send(GROUP, {"type": "updated.model", "data": {"class": "User"}})
        one, two = [await client.sent.get() for client in clients]
        assert one is two and one["type"] == "websocket.send"
        assert one["text"] == '{"event": "updated_model", "data": {"class": "User"}}'
    finally:
        hub.task.cancel()


@pytest.mark.parametrize("name", DJANGO_STAGES)
def test_a_stage_is_described_and_is_larger_than_the_contestant_it_changes(name):
    assert size(name)["lines"] > size("django-documented")["lines"]


@pytest.mark.parametrize("quick", [True, False])
def test_every_stage_is_measured_at_the_load_that_is_the_same_for_all(quick):
    found = [e for e in entries(None, Cores.split(), quick, {}) if e.name in STAGES]
    assert [e.name for e in found] == list(STAGES)
    assert all(e.only_probe and e.is_checked != quick and "push" in e.works for e in found)
    assert quick == all(e.works == ("push",) for e in found)


def test_each_stage_of_flask_applies_one_idea_more_than_the_one_before():
    ideas_of = [stage.environment["TUNED"].split() for stage in FLASK_STAGES.values()]
    assert [len(ideas) for ideas in ideas_of] == list(range(1, len(ideas_of) + 1))
    assert all(after[:-1] == before for before, after in pairwise(ideas_of))
    everything = (CONTESTANTS["flask-tuned"].folder / "tuned" / "ideas.py").read_text()
    assert f'"{" ".join([*ideas_of[-1], "rest"])}"' in everything


def test_the_settings_of_a_stage_have_what_this_projects_daphne_reads():
    environment = {"SECRET_KEY": "x", "DATABASE_URL": "postgresql:///x", "PATH": os.environ["PATH"]}
    environment |= DJANGO_STAGES["django-4-framed"].environment
    code = f"import flack_project.daphne.server, {STAGED}.asgi"
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=False,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
