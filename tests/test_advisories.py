"""Tests of tests/advisories.py, with a server in the place of OSV; and of the locks."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import combinations

import pytest

from comparison.bench.processes import free_port
from tests import advisories
from tests.running import ROOT


class OSV(BaseHTTPRequestHandler):
    """Knows of one vulnerability, in one package or none."""

    asked: list[list[str]] = []
    vulnerable = ""

    def do_POST(self):
        queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        self.asked.append([query["package"]["name"] for query in queries])
        bad = {"vulns": [{"id": "PYSEC-2026-1", "modified": "2026-01-01T00:00:00Z"}]}
        self.answer({"results": [bad if n == self.vulnerable else {} for n in self.asked[-1]]})

    def do_GET(self):
        about = {"summary": "It breaks.", "modified": "2026-01-01T00:00:00Z", "affected": []}
        self.answer({"id": "PYSEC-2026-1", **about})

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture
def osv(monkeypatch):
    """A server with OSV's API; gives its class and the arguments that name it."""
    monkeypatch.setattr(OSV, "asked", [])
    monkeypatch.setattr(OSV, "vulnerable", "")
    server = ThreadingHTTPServer(("127.0.0.1", 0), OSV)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield OSV, ("--service-url", f"http://127.0.0.1:{server.server_port}/")
    server.shutdown()
    server.server_close()


def test_every_locked_version_is_asked_about_in_one_request(osv, capsys):
    server, arguments = osv
    assert advisories.main(*arguments) == 0
    assert [sorted(names) for names in server.asked] == [sorted(advisories.locked())]
    assert "no known vulnerabilities" in capsys.readouterr().out


def test_a_known_vulnerability_is_named_and_fails(osv, capsys):
    server, arguments = osv
    server.vulnerable = "django"
    assert advisories.main(*arguments) == 1
    output = capsys.readouterr().out
    assert "PYSEC-2026-1" in output and "django" in output


def test_an_unavailable_database_is_reported_and_fails_nothing(capsys):
    assert advisories.main("--service-url", f"http://127.0.0.1:{free_port()}/") == 0
    assert capsys.readouterr().out.startswith("NOT AUDITED: ")


@pytest.mark.parametrize("name", advisories.LOCKS)
def test_every_locked_package_has_one_version_and_hashes(name):
    entries = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text())
    packages = [entry for entry in entries if not entry.startswith("#")]
    assert len(packages) >= (1 if "-run" in name or "-pip" in name else 30)
    for package in packages:
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+", package), package
        assert "--hash=sha256:" in package, package


def test_what_several_locks_have_is_the_same_version():
    pins = [dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(), re.M))
            for name in advisories.LOCKS]  # fmt: skip
    for one, other in combinations(pins, 2):
        assert {name: one[name] for name in one.keys() & other.keys()}.items() <= other.items()
