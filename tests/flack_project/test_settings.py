"""Tests of flack_project/settings.py: what each variable of the environment does."""

import asyncio
import gc
import json
import logging
import re
import secrets
import subprocess
import sys

import pytest
import redis

from chat import tasks
from chat.realtime.layer import PubSubChannelLayer
from tests.processes import ROOT, environment


def test_the_garbage_collector_runs_once_django_is_set_up_and_skips_what_was_imported():
    assert gc.isenabled()
    assert gc.get_freeze_count() > 100_000


def test_defaults_are_those_of_the_readme(read, tmp_path):
    settings = read()
    assert settings["DEBUG"] is False
    assert settings["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert settings["DATABASES"]["default"]["NAME"] == str(tmp_path / "db.sqlite3")
    assert settings["FLACK_RATE_LIMITS"] is True
    assert settings["FLACK_PASSWORD_VALIDATORS"] is True
    assert settings["FLACK_RESPOND_ASYNC"] is False
    assert settings["FLACK_PREVIEW_HOSTS"] == []
    assert settings["FLACK_THREADS"] == 8
    assert settings["FLACK_TOKEN_DAYS"] == 0
    assert settings["FLACK_LOG_JSON"] is False
    assert settings["LOGGING"]["root"]["level"] == "WARNING"
    assert settings["LOGGING"]["loggers"]["chat"]["level"] == "INFO"
    assert "end_old_tokens" not in settings["CELERY_BEAT_SCHEDULE"]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("DEBUG", "1", True),
        ("SECRET_KEY", "0123456789" * 4, "0123456789" * 4),
        ("ALLOWED_HOSTS", "a.example,b.example", ["a.example", "b.example"]),
        ("CSRF_TRUSTED_ORIGINS", "https://a.example", ["https://a.example"]),
        ("FLACK_RATE_LIMITS", "0", False),
        ("FLACK_RESPOND_ASYNC", "1", True),
        ("FLACK_PREVIEW_HOSTS", "A.example:81,b.example:80", ["a.example:81", "b.example:80"]),
        ("FLACK_THREADS", "3", 3),
        ("FLACK_LOG_JSON", "1", True),
        ("FLACK_LOG_LEVEL", "debug", "DEBUG"),
    ],
)
def test_a_variable_sets_a_setting(read, name, text, value):
    assert read(**{name: text})[name] == value


def test_a_lifetime_of_tokens_is_looked_after_by_beat(read):
    schedule = read(FLACK_TOKEN_DAYS="30")["CELERY_BEAT_SCHEDULE"]
    assert schedule["end_old_tokens"]["task"] == tasks.end_old_tokens.name


def test_no_password_validators_are_none(read):
    assert read(FLACK_PASSWORD_VALIDATORS="0")["AUTH_PASSWORD_VALIDATORS"] == []


def test_postgresql_keeps_its_connections(read):
    database = read(DATABASE_URL="postgres://me@localhost/flack")["DATABASES"]["default"]
    assert database["ENGINE"] == "flack_project.postgresql"
    assert database["CONN_MAX_AGE"] is None
    assert database["CONN_HEALTH_CHECKS"]
    assert "init_command" not in database.get("OPTIONS", {})


@pytest.mark.parametrize(("tls", "years"), [("0", 0), ("1", 2)])
def test_behind_tls_cookies_and_browsers_keep_to_it(read, tls, years):
    settings = read(FLACK_TLS=tls)
    for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT"):
        assert settings[name] is bool(years)
    assert settings["SECURE_HSTS_SECONDS"] == years * 365 * 86400


PRODUCTION = {
    "SECRET_KEY": secrets.token_urlsafe(50),
    "ALLOWED_HOSTS": "chat.example.org",
    "DATABASE_URL": "sqlite://:memory:",
}


@pytest.mark.parametrize(("tls", "found"), [("1", []), ("0", ["W004", "W008", "W012", "W016"])])
def test_djangos_check_of_a_deployment_finds_missing_settings(tmp_path, tls, found):
    command = ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    result = run(*command, var=tmp_path, **PRODUCTION, FLACK_TLS=tls)
    assert re.findall(r"security\.(\w+)", result.stderr) == found
    assert result.returncode == (1 if found else 0)


@pytest.mark.parametrize(
    ("url", "celery"),
    [
        ("unix:///run/valkey.sock", "redis+socket:///run/valkey.sock?virtual_host=0"),
        ("redis://host:6379/0", "redis://host:6379/0"),
    ],
)
def test_redis_carries_cache_channels_and_celery(read, url, celery):
    settings = read(REDIS_URL=url)
    assert settings["CACHES"]["default"]["LOCATION"] == [url]
    assert settings["CHANNEL_LAYERS"]["default"]["CONFIG"]["hosts"][0]["address"] == url
    assert settings["CELERY_BROKER_URL"] == celery


def layer_of(settings):
    """Return a new channel layer."""
    return PubSubChannelLayer(**settings["CHANNEL_LAYERS"]["default"]["CONFIG"])


async def test_redis_py_formats_no_push_for_a_log(read, valkey, caplog):
    layer = layer_of(read(REDIS_URL=valkey))
    caplog.set_level(logging.DEBUG, "push_response")
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "push"})
    assert await layer.receive(channel) == {"type": "push"}
    await layer.flush()
    assert "push_response" not in {record.name for record in caplog.records}


async def test_the_number_of_a_database_keeps_two_flacks_on_one_redis_apart(read, valkey):
    numbers = ["", "?db=0", "?db=1", "?db=11"]
    layers = [layer_of(read(REDIS_URL=f"{valkey}{number}")) for number in numbers]
    channels = [await layer.new_channel() for layer in layers]
    for layer, channel in zip(layers, channels, strict=True):
        await layer.group_add("push", channel)
    server = redis.Redis.from_url(valkey)
    while sum(n for _, n in server.pubsub_numsub(*server.pubsub_channels("*group*"))) < 4:
        await asyncio.sleep(0.01)
    for number, layer in zip(numbers, layers, strict=True):
        await layer.group_send("push", {"from": number})
    # They arrive in the order of sending, and two of these are the same Flack.
    for layer, channel, expected in zip(
        layers, channels, (["", "?db=0"], ["", "?db=0"], ["?db=1"], ["?db=11"]), strict=True
    ):
        assert [(await layer.receive(channel))["from"] for _ in expected] == expected
        await layer.flush()


def test_without_redis_everything_stays_in_the_process(read):
    settings = read()
    assert settings["CELERY_BROKER_URL"].startswith("memory:")
    assert "InMemory" in settings["CHANNEL_LAYERS"]["default"]["BACKEND"]
    assert "locmem" in settings["CACHES"]["default"]["BACKEND"]


def run(*command, var, **changes):
    """Run a process of Flack, without a key unless it is given one."""
    variables = environment(var, SECRET_KEY="") | changes
    variables = {name: value for name, value in variables.items() if value}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=variables, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def test_a_server_does_not_start_without_a_key(tmp_path):
    result = run("-m", "flack_project.daphne.server", "-p", "0", "flack_project.asgi:application",
                 var=tmp_path)  # fmt: skip
    assert result.returncode != 0
    assert "SECRET_KEY" in result.stderr.strip().splitlines()[-1]


def test_a_checkout_without_a_key_is_a_developers(tmp_path):
    code = "from django.conf import settings; print(settings.DEBUG, bool(settings.SECRET_KEY))"
    result = run("manage.py", "shell", "--no-imports", "-c", code, var=tmp_path)
    assert result.stdout == "True True\n"


@pytest.mark.parametrize("json_lines", ["0", "1"])
def test_people_read_a_line_and_programs_a_json_object(tmp_path, json_lines):
    code = "import logging; logging.getLogger('chat').info('said %s', 'so')"
    command = ["manage.py", "shell", "--verbosity", "0", "--command", code]
    line = run(*command, var=tmp_path, FLACK_LOG_JSON=json_lines).stderr
    if json_lines == "0":
        assert line == "INFO chat: said so\n"
    else:
        told = json.loads(line)
        assert {"level": "INFO", "logger": "chat", "message": "said so"}.items() <= told.items()
        assert {"time", "request_id", "process"} <= told.keys()
