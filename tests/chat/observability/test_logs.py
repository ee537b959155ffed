"""Tests of chat/observability/logs.py."""

import json
import logging
import logging.config
import time

import pytest
import redis
from celery import Celery
from celery.beat import Scheduler
from django.conf import settings
from django.http import HttpResponse
from django.utils.log import log_response

from chat.observability.logs import CUT, LOG_EVERY, MAX_LINE, MAX_RECORD, shorten


def record(message, **more):
    """Return a record of this message."""
    more = {"levelname": "INFO", "name": "chat", "request_id": "-"} | more
    return logging.makeLogRecord({"msg": message} | more)


@pytest.fixture
def formatters():
    """The formatters of the settings, by name."""
    configurator = logging.config.DictConfigurator({})
    configured = settings.LOGGING["formatters"]
    return {name: configurator.configure_formatter(dict(configured[name])) for name in configured}


def failure():
    """Return the information about an exception whose message is long."""
    try:
        raise ValueError("v" * 100_000)
    except ValueError as error:
        return type(error), error, error.__traceback__


@pytest.mark.parametrize("size", [0, 1, MAX_LINE - 1, MAX_LINE])
def test_a_text_up_to_the_bound_stays(size):
    assert shorten("x" * size, MAX_LINE) == "x" * size


def test_a_text_past_the_bound_keeps_its_beginning_and_end():
    short = shorten("a" + "ä" * MAX_LINE + "z", MAX_LINE)
    assert short[0] == "a" and CUT in short and short[-1] == "z"
    assert MAX_LINE - 4 <= len(short.encode()) <= MAX_LINE


def test_a_line_of_text_is_cut_at_its_bound(formatters):
    head = len("INFO chat: ")
    exact = formatters["line"].format(record("x" * (MAX_LINE - head)))
    assert len(exact) == MAX_LINE and CUT not in exact
    assert CUT in formatters["line"].format(record("x" * (MAX_LINE - head + 1)))


@pytest.mark.attack("Logs: long lines, forged lines, secrets")
@pytest.mark.parametrize("message", ["x" * 10**6, "\n" * 10**6, "\x00" * 10**6, "🐦" * 10**6])
@pytest.mark.parametrize("name", ["line", "json"])
def test_no_record_is_longer_than_its_bound(formatters, name, message):
    text = formatters[name].format(record(message, exc_info=failure(), extra={"a": "b" * 10**6}))
    assert len(text.encode()) <= MAX_RECORD
    if name == "line":
        assert max(len(line.encode()) for line in text.split("\n")) <= MAX_LINE


def test_a_long_record_as_json_is_json_and_keeps_the_end_of_its_traceback(formatters):
    fields = json.loads(formatters["json"].format(record("failed", exc_info=failure())))
    assert fields["message"] == "failed"
    assert fields["exc_info"].startswith("Traceback") and fields["exc_info"].endswith("vvv")


def test_a_short_record_as_json_stays(formatters):
    fields = json.loads(formatters["json"].format(record("event key=%d", args=(1,), process=7)))
    assert fields["message"] == "event key=1"
    assert fields["process"] == 7


@pytest.fixture
def filtered(monkeypatch):
    """A function that gives a logger new filters of the settings, which have seen no record."""
    configurator = logging.config.DictConfigurator({})

    def filtered(name):
        names = settings.LOGGING["loggers"][name]["filters"]
        new = [configurator.configure_filter(dict(settings.LOGGING["filters"][x])) for x in names]
        monkeypatch.setattr(logging.getLogger(name), "filters", new)

    return filtered


@pytest.fixture
def beat(valkey, filtered):
    """Beat's scheduler, with a full Valkey as its broker; its log is filtered by the settings."""
    app = Celery("flack", broker=valkey.replace("unix://", "redis+socket://"), set_as_current=False)
    server = redis.Redis.from_url(valkey)
    server.config_set("maxmemory", 1)
    filtered("celery.beat")
    yield Scheduler(app, lazy=True)
    server.config_set("maxmemory", 0)
    app.close()


def test_beat_logs_an_outage_of_the_broker_in_one_line_now_and_then(beat, caplog, monkeypatch):
    entry = beat.Entry(name="tick", task="tick", schedule=5, app=beat.app)
    for _ in range(3):
        beat.apply_entry(entry)
    (line,) = caplog.records
    assert line.getMessage().startswith("task not queued error=Couldn't apply scheduled task tick:")
    assert "maxmemory" in line.getMessage()
    assert not line.exc_info
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + LOG_EVERY)
    beat.apply_entry(entry)
    assert len(caplog.records) == 2


def test_beat_logs_other_failures_whole(beat, caplog):
    beat.apply_entry(
        beat.Entry(name="tick", task="tick", args=[object()], schedule=5, app=beat.app)
    )
    (line,) = caplog.records
    assert line.exc_info


def test_responses_during_an_outage_are_one_line_now_and_then(caplog, filtered, monkeypatch):
    filtered("django.request")

    def respond(status):
        log_response("%s", status, response=HttpResponse(status=status))

    for status in (503, 503, 500, 500, 503):
        respond(status)
    assert [line.status_code for line in caplog.records] == [503, 500, 500]
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + LOG_EVERY)
    respond(503)
    assert len(caplog.records) == 4
