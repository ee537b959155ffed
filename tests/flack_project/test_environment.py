"""Tests of flack_project/environment.py: an invalid variable ends any process with one sentence."""

import gc
import re
import subprocess
import sys

import pytest

from comparison.bench.processes import free_port
from flack_project import environment
from tests.processes import ROOT
from tests.processes import environment as variables
from tests.running import BARE, launch

SOURCES = [ROOT / "flack_project/settings.py", ROOT / "flack_project/launcher/stack.py"]
SETTINGS = compile(SOURCES[0].read_text(), str(SOURCES[0]), "exec")  # once for all that read them
READ = re.compile(r'(?:environment\.\w+|flag)\(\s*"([A-Z_]+)"')
NAMES = sorted({name for path in SOURCES for name in READ.findall(path.read_text())})
FLAGS = ["maybe", "-1", "2", "9" * 5000]
NUMBERS = ["none", "x", "-1", "1.5", "1e3", "9" * 5000, "٣", "8 8"]
INVALID = {
    "ALLOWED_HOSTS": ["https://example.org", "example.org:80", "a b", "a,b/c", "@", "ex*mple.org"],
    "CSRF_TRUSTED_ORIGINS": ["example.org", "*", "https://", "https://a/b", "ftp://a",
                             "https://a,b", "https://a:99999", "https://a:0"],
    "DATABASE_URL": ["nonsense", "mysql://h/x", "postgres://", "postgres://h", "postgres://h/",
                     "postgres://h:99999/x", "postgres://h:port/x", "postgres://[::1/x",
                     "sqlite://", "sqlite:///", "sqlite://host/x", "/tmp/db", "9" * 5000],
    "DEBUG": FLAGS,
    "FLACK_LOG_JSON": FLAGS,
    "FLACK_LOG_LEVEL": ["loud", "-1", "10", "9" * 5000],
    "FLACK_PASSWORD_VALIDATORS": FLAGS,
    "FLACK_PREVIEW_HOSTS": ["foo", "http://foo:80", "foo:0", "foo:65536", "foo:x", "a:1,b", ":80"],
    "FLACK_RATE_LIMITS": FLAGS,
    "FLACK_RESPOND_ASYNC": FLAGS,
    "FLACK_THREADS": [*NUMBERS, "0", "257"],
    "FLACK_TLS": FLAGS,
    "FLACK_TOKEN_DAYS": [*NUMBERS, "36501"],
    "FLACK_URL": ["x", "ftp://x", "http://", "http://a/b", "http://a:99999", "-1"],
    "NODES": [*NUMBERS, "0", "65"],
    "PORT": [*NUMBERS, "0", "65536", "http"],
    "PROMETHEUS_MULTIPROC_DIR": ["/proc/flack", "/dev/null", "9" * 5000],
    "REDIS_URL": ["nonsense", "localhost:6379", "http://h", "redis://", "redis://h:99999/0",
                  "redis://h:port", "redis://h/abc", "redis://h/0?db=x", "redis://h/0?foo=1",
                  "redis://h?db=-1", "redis://h/0?socket_timeout=3", "redis://h?protocol=3",
                  "redis://h?health_check_interval=5", "redis://h?password=x", "redis://h?host=x",
                  "redis://h?ssl_ca_certs=/x", "rediss://h?ssl_validate_ocsp=1",
                  "rediss://h?ssl_cert_reqs=CERT_NONE", "rediss://h?max_connections=1",
                  "rediss://h?ssl_min_version=5",
                  "unix://", "unix://run/valkey.sock", "unix:///s?virtual_host=1",
                  "unix:///s?ssl_ca_certs=/x", "unix:///s?db=-1", "-1", "9" * 5000],
    "SECRET_KEY": ["short", "-1", "x" * 5000, "\udcff" + "0123456789" * 4],
    "VAR": ["/proc/flack", "/dev/null", "9" * 5000],
}  # fmt: skip
CASES = [(name, value) for name, values in INVALID.items() for value in values]


@pytest.fixture
def read(monkeypatch, tmp_path):
    """A function that reads all variables with one of them set."""

    def read(name, value):
        for other in NAMES:
            monkeypatch.delenv(other, raising=False)
        monkeypatch.setenv("SECRET_KEY", "of-the-tests-and-of-no-server-at-all")
        monkeypatch.setenv("VAR", str(tmp_path))
        monkeypatch.setenv(name, value)
        monkeypatch.setattr(gc, "disable", lambda: None)  # nothing would enable it again
        environment.whole_number("PORT", 8000, 1, 65535)
        environment.whole_number("NODES", 2, 1, 64)
        module = {"__file__": SETTINGS.co_filename}
        exec(SETTINGS, module)
        return module

    return read


def test_each_variable_has_invalid_values_here():
    assert sorted(INVALID) == NAMES


@pytest.mark.parametrize(("name", "value"), CASES, ids=[f"{n}={v[:20]!r}" for n, v in CASES])
def test_an_invalid_value_is_refused_in_one_sentence(read, name, value):
    with pytest.raises(SystemExit) as end:
        read(name, value)
    sentence = str(end.value.code)
    assert sentence.startswith(f"{name} must be ")
    assert sentence.endswith(".") and sentence.isprintable() and len(sentence) < 200


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "value", [",", "'", "$PATH", "\\$x", "a\nb", "\u202e", "\udcff", "None", "{}", "%s", "\t"]
)
def test_a_strange_value_is_taken_or_refused_in_one_sentence(
    read, monkeypatch, tmp_path, name, value
):
    monkeypatch.chdir(tmp_path)  # some of them are names of folders
    try:
        read(name, value)
    except SystemExit as end:
        assert re.fullmatch(rf"{name} must be .*\.", str(end.code))


@pytest.mark.parametrize("name", sorted({*NAMES} - {"SECRET_KEY", "VAR"}))
def test_an_empty_value_is_the_default(read, name):
    assert read(name, "").get(name) == read("FLACK_TLS", "0").get(name)


def test_there_is_no_default_for_the_key(read):
    with pytest.raises(SystemExit, match="SECRET_KEY must be 32 or more random characters"):
        read("SECRET_KEY", "")


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL"])
def test_no_secret_is_printed(read, name):
    value = {
        "SECRET_KEY": "hunter2",
        "DATABASE_URL": "mysql://me:hunter2@host/x",
        "REDIS_URL": "http://:hunter2@host",
    }[name]
    with pytest.raises(SystemExit) as end:
        read(name, value)
    assert "hunter2" not in str(end.value.code)


def test_a_value_can_come_from_a_file(read, monkeypatch, tmp_path):
    (tmp_path / "threads").write_text("3\n")
    settings = read("FLACK_THREADS_FILE", str(tmp_path / "threads"))
    assert settings["FLACK_THREADS"] == 3


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_cannot_be_read_is_named(read, tmp_path, content):
    path = tmp_path / "threads"
    if content:
        path.write_bytes(content)
    with pytest.raises(SystemExit) as end:
        read("FLACK_THREADS_FILE", str(path))
    assert str(end.value.code).startswith("FLACK_THREADS_FILE must be the path of a text file ")


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "migrate"],
        ["manage.py", "createuser", "susan"],
        ["manage.py", "runserver", "--noreload"],
        ["-m", "flack_project.daphne.server", "-p", "0", "flack_project.asgi:application"],
        ["-m", "daphne", "-p", "0", "flack_project.asgi:application"],
        ["-m", "celery", "-A", "flack_project", "worker"],
        ["-m", "celery", "-A", "flack_project", "beat"],
    ],
    ids=" ".join,
)
def test_every_process_ends_with_the_sentence(tmp_path, command):
    result = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=variables(tmp_path, FLACK_TOKEN_DAYS="-1"),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    sentence = "FLACK_TOKEN_DAYS must be a whole number from 0 to 36500, not '-1'.\n"
    assert (result.returncode, result.stderr) == (1, sentence)


@pytest.mark.parametrize("name", ["PORT", "FLACK_TLS"])
def test_the_launcher_ends_with_the_sentence(tmp_path, name):
    process = launch(tmp_path, free_port(), **{name: "-1"})
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert re.fullmatch(rf"Flack cannot run: {name} must be .*, not '-1'\.\n", output)


def test_a_key_in_a_file_does_not_turn_debugging_on(tmp_path):
    (tmp_path / "key").write_text("of-the-tests-and-of-no-server-at-all\n")
    code = "from django.conf import settings; print(settings.DEBUG)"
    result = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", code], cwd=ROOT,
        env=BARE | {"VAR": str(tmp_path), "SECRET_KEY_FILE": str(tmp_path / "key")},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (result.stdout, result.stderr) == ("False\n", "")
