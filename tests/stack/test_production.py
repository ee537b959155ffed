"""nginx/production.conf, unchanged, with a self-signed certificate in front of a real node."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from chat import throttling
from comparison.bench.processes import free_port
from comparison.contract.wires import calm_tls
from tests.certificates import certify
from tests.kit import PASSWORD, basic, until
from tests.processes import PRODUCTION_NGINX, Server
from tests.running import PATIENCE, ROOT

NAME = "chat.example.org"
HSTS = "max-age=63072000"
SITE = (ROOT / "nginx/production.conf").read_text()
LOCAL = ROOT / "deploy/local/http.conf"  # what an operator uncomments behind another proxy
TEMPORARY = "\n".join(re.findall(r".*_temp_path .*", (ROOT / "deploy/nginx.conf").read_text()))
CIPHERS = "AES128-GCM-SHA256 AES256-GCM-SHA384 CHACHA20-POLY1305".split()


@dataclass
class Site:
    """A production site on the loopback interface."""

    folder: Path
    node: Server
    port: int
    plain_port: int
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self, *, real_ip: bool = False, fewer: str = "") -> subprocess.Popen[bytes]:
        """Start nginx, with only names, paths and ports changed; `real_ip` if behind a proxy.

        `fewer` is what has a fiftieth of its limits, without those it regains by time.
        """
        site = SITE.replace("/srv/flack", str(ROOT))
        site = site.replace(f"/etc/letsencrypt/live/{NAME}", str(self.folder))
        site = site.replace("/etc/flack/local", str(self.folder / "local"))
        site = site.replace("/var/www/html", str(self.folder / "webroot"))
        site = site.replace("/var/log/flack", str(self.folder))
        site = re.sub(r" *listen \[::\].*\n", "", site)
        site = site.replace("listen 80", f"listen 127.0.0.1:{self.plain_port}")
        site = site.replace("listen 443", f"listen 127.0.0.1:{self.port}")
        if fewer == "requests":
            site = re.sub(r"(burst=)(\d+)", fiftieth, site)
            site = re.sub(r"(rate=)(\d+)r/s", lambda rate: f"{fiftieth(rate)}r/m", site)
        elif fewer == "connections":
            site = re.sub(r"(limit_conn flack_connections\w* )(\d+)", fiftieth, site)
        real = re.sub("^# (.*;)$", r"\1", LOCAL.read_text(), flags=re.MULTILINE)
        real = real.replace("10.0.0.0/8", "127.0.0.1")
        for name, text in {
            "http": real if real_ip else "",
            "upstream": f"server 127.0.0.1:{self.node.port};",
            "server": "",
        }.items():
            (self.folder / "local").mkdir(exist_ok=True)
            (self.folder / "local" / f"{name}.conf").write_text(text)
        head = "daemon off; error_log stderr emerg; pid nginx.pid; events {}"
        user = "user root root;" if os.geteuid() == 0 else ""  # it reads the folder of the test
        configuration = f"{user}{head}\nhttp {{ access_log off;\n{TEMPORARY}\n{site}\n}}\n"
        (self.folder / "nginx.conf").write_text(configuration)
        command: list[str | Path] = [PRODUCTION_NGINX, "-p", self.folder, "-c", "nginx.conf"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until(self.listens)
        return self.process

    def listens(self) -> bool:
        """Return True if nginx accepts connections; fail if it has ended."""
        ended = self.process.poll()
        assert ended is None, f"nginx ended with exit code {ended}"
        with socket.socket() as plain:
            return plain.connect_ex(("127.0.0.1", self.port)) == 0

    def client(self) -> httpx.Client:
        """Return a client that trusts the certificate."""
        url = f"https://127.0.0.1:{self.port}"
        context = self.context()
        headers = {"Host": NAME}
        return httpx.Client(
            base_url=url, verify=context, headers=headers, trust_env=False, timeout=PATIENCE
        )

    def context(self, **options: ssl.TLSVersion) -> ssl.SSLContext:
        """Return a context that trusts the certificate for every host name, with these options."""
        context = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
        context.check_hostname = False
        for option, value in options.items():
            setattr(context, option, value)
        return context

    def open_socket(self) -> ClientConnection:
        """Open a WebSocket, as the page does."""
        plain = socket.create_connection(("127.0.0.1", self.port))
        url, origin = f"wss://{NAME}/ws/", f"https://{NAME}"
        tls = calm_tls(cafile=self.folder / "fullchain.pem")
        return connect(url, sock=plain, ssl=tls, origin=Origin(origin))

    def accepts(self, context: ssl.SSLContext) -> bool:
        """Return True if the certificate is one that the context trusts."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=15)
        try:
            context.wrap_socket(plain, server_hostname=NAME).close()
        except OSError:  # not trusted, or closed by a worker that leaves
            plain.close()
            return False
        return True

    def shake_hands(
        self, context: ssl.SSLContext, session: ssl.SSLSession | None = None
    ) -> ssl.SSLSocket:
        """Connect, and send a request so that the server sends a session."""
        secure = self.ask("HEAD /healthz", context, session)
        assert secure.recv(12) == b"HTTP/1.1 200"
        return secure

    def ask(
        self,
        request: str,
        context: ssl.SSLContext,
        session: ssl.SSLSession | None = None,
        length: int = 0,
    ) -> ssl.SSLSocket:
        """Connect, and send the head of a request with a body of this length."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=15)
        try:
            secure = context.wrap_socket(plain, server_hostname=NAME, session=session)
        except ssl.SSLError:
            plain.close()
            raise
        head = f"{request} HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: {length}\r\n\r\n"
        secure.sendall(head.encode())
        return secure


@pytest.fixture(scope="module")
def site(serve: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with its folder, its node and a self-signed certificate."""
    node = serve("node", FLACK_TLS="1", ALLOWED_HOSTS=f"{NAME},127.0.0.1")
    folder = tmp_path_factory.mktemp("site")
    certify(folder, NAME)
    return Site(folder, node, free_port(), free_port())


@pytest.fixture
def nginx(site: Site, request: pytest.FixtureRequest) -> Iterator[Site]:
    """The site, running; restarted for each test, because nginx counts requests by address.

    The parameter is `fewer`.
    """
    process = site.start(fewer=getattr(request, "param", ""))
    yield site
    process.terminate()
    process.wait()


@pytest.fixture
def behind_a_proxy(site: Site, request: pytest.FixtureRequest) -> Iterator[Site]:
    """The site, running, and trusting a proxy on this machine; the parameter is `fewer`."""
    process = site.start(real_ip=True, fewer=getattr(request, "param", ""))
    yield site
    process.terminate()
    process.wait()


def fiftieth(number: re.Match[str]) -> str:
    """Return a number of the configuration divided by 50, after what stands before it."""
    return f"{number[1]}{int(number[2]) // 50}"


def test_the_tls_profile_is_mozillas_intermediate() -> None:
    ciphers = [f"ECDHE-{kind}-{cipher}" for cipher in CIPHERS for kind in ("ECDSA", "RSA")]
    for line in (
        "ssl_protocols TLSv1.2 TLSv1.3;",
        f"ssl_ciphers {':'.join(ciphers)};",
        "ssl_prefer_server_ciphers off;",
        "ssl_session_timeout 1d;",
        "ssl_session_cache shared:flack_tls:10m;",
    ):
        assert f"\n{line}" in SITE
    assert "ssl_ecdh_curve" not in SITE  # so those of OpenSSL, with X25519MLKEM768 from 3.5 on


@pytest.mark.attack("TLS, addresses and floods at nginx")
def test_only_the_protocols_and_ciphers_of_the_profile_are_accepted(nginx: Site) -> None:
    latest = nginx.context(minimum_version=ssl.TLSVersion.TLSv1_3)
    with closing(nginx.shake_hands(latest)) as secure:
        assert secure.version() == "TLSv1.3"
    for cipher in CIPHERS:
        context = nginx.context(maximum_version=ssl.TLSVersion.TLSv1_2)
        context.set_ciphers(f"ECDHE-ECDSA-{cipher}")
        with closing(nginx.shake_hands(context)) as secure:
            assert secure.version() == "TLSv1.2"
    for cipher in ("ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "AES128-SHA"):
        context.set_ciphers(f"{cipher}:@SECLEVEL=0")
        with pytest.raises(ssl.SSLError):
            nginx.shake_hands(context)
    old = nginx.context()
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        nginx.shake_hands(old)


def test_a_tls_session_is_resumed(nginx: Site) -> None:
    context = nginx.context(maximum_version=ssl.TLSVersion.TLSv1_2)
    with closing(nginx.shake_hands(context)) as first:
        session = first.session
    with closing(nginx.shake_hands(context, session)) as second:
        assert second.session_reused


def test_http2_is_offered(nginx: Site) -> None:
    context = nginx.context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    plain = socket.create_connection(("127.0.0.1", nginx.port), timeout=15)
    with closing(context.wrap_socket(plain, server_hostname=NAME)) as secure:
        assert secure.selected_alpn_protocol() == "h2"


@pytest.mark.attack("TLS, addresses and floods at nginx")
@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/api/users", 200), ("/static/chat/main.js", 200), ("/nowhere", 404),
     ("/" + "x" * 9000, 414)],
)  # fmt: skip
def test_every_answer_has_one_hsts_header_and_no_version(
    nginx: Site, path: str, status: int
) -> None:
    with nginx.client() as client:
        answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers.get_list("Strict-Transport-Security") == [HSTS]
    assert answer.headers["Server"] == "nginx"


@pytest.mark.attack("TLS, addresses and floods at nginx")
def test_http_is_redirected_to_https(nginx: Site) -> None:
    url = f"http://127.0.0.1:{nginx.plain_port}/api/users?online=1"
    headers = {"Host": "evil.example"}
    answer = httpx.get(url, headers=headers, trust_env=False, timeout=PATIENCE)
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"https://{NAME}/api/users?online=1"
    assert answer.headers["Server"] == "nginx"


@pytest.mark.attack("Logs: long lines, forged lines, secrets")
@pytest.mark.parametrize(
    ("request_line", "method", "path"),
    [
        ("GET /healthz?token=secret", "GET", "/healthz"),
        ("GET /healthz", "GET", "/healthz"),
        ("GET /" + "x" * 255, "GET", "/" + "x" * 255),
        ("GET /" + "x" * 256, "GET", "/" + "x" * 255),
        ("GET /" + '"' * 7000, "GET", "/" + '"' * 255),
        ("GET /a%0aéb", "GET", "/a%0a"),
        ("X" * 5000 + " /healthz", "X" * 16, "/healthz"),
    ],
    ids=["query", "plain", "at the bound", "past the bound", "quotes", "not ASCII", "method"],
)
def test_a_line_of_the_access_log_is_short_json_without_secrets(
    nginx: Site, request_line: str, method: str, path: str
) -> None:
    log = nginx.folder / "access.log"
    before = log.stat().st_size
    # The end of the request line that `ask` adds becomes a part of the header.
    request = f"{request_line} HTTP/1.1\r\nAuthorization: Bearer secret"
    with closing(nginx.ask(request, nginx.context())) as secure:
        secure.recv(1)
    line = until(lambda: log.read_text()[before:])
    assert line.endswith("}\n") and len(line) < 1000
    assert "secret" not in line
    entry = json.loads(line)
    assert (entry["method"], entry["path"]) == (method, path)
    assert entry["address"] == "127.0.0.1"


def test_the_access_log_is_rotated_without_losing_a_line(nginx: Site) -> None:
    assert (
        "systemctl kill --kill-whom=main --signal=USR1 nginx-flack"
        in (ROOT / "deploy/logrotate.conf").read_text()
    )
    log, old = nginx.folder / "access.log", nginx.folder / "access.log.1"
    with nginx.client() as client:
        client.get("/healthz?first")
        log.rename(old)
        os.kill(int((nginx.folder / "nginx.pid").read_text()), signal.SIGUSR1)
        until(log.exists)
        size = old.stat().st_size
        until(lambda: client.get("/healthz").is_success and log.read_text())
    assert size > 0 and "/healthz" in log.read_text()


def test_challenges_of_certbot_are_answered_over_http(nginx: Site) -> None:
    webroot = nginx.folder / "webroot"
    (webroot / ".well-known/acme-challenge").mkdir(parents=True)
    (webroot / ".well-known/acme-challenge/token").write_text("token.thumbprint")
    (webroot / "index.html").write_text("not for everyone")
    url = f"http://127.0.0.1:{nginx.plain_port}"
    options: dict[str, Any] = {"trust_env": False, "timeout": PATIENCE}
    answer = httpx.get(f"{url}/.well-known/acme-challenge/token", **options)
    assert (answer.status_code, answer.text) == (200, "token.thumbprint")
    answer = httpx.get(f"{url}/.well-known/acme-challenge/another", **options)
    assert answer.status_code == 404
    for path in (
        "/index.html",
        "/.well-known/",
        "/.well-known/acme-challenge/..%2f..%2findex.html",
    ):
        answer = httpx.get(url + path, **options)
        assert answer.status_code == 301
        assert answer.headers["Location"].startswith(f"https://{NAME}/")


def test_a_renewed_certificate_is_served_after_a_reload_that_closes_no_socket(nginx: Site) -> None:
    old = nginx.context()
    with nginx.open_socket() as listener:
        # As certbot does: new files, not other content. From 1.27.4 on, nginx keeps a certificate
        # whose file has the same inode and the same second of its last change.
        for name in ("fullchain.pem", "privkey.pem"):
            (nginx.folder / name).rename(nginx.folder / f"old-{name}")
        certify(nginx.folder, NAME)
        nginx.process.send_signal(signal.SIGHUP)
        until(lambda: nginx.accepts(nginx.context()))
        until(lambda: not nginx.accepts(old))
        assert listener.ping().wait(15)


def test_a_message_is_posted_and_pushed_over_tls(nginx: Site) -> None:
    with nginx.client() as client:
        account = {"nickname": "Alice", "password": PASSWORD}
        assert client.post("/api/users", json=account).status_code == 201
        token = client.post("/api/tokens", headers=basic("Alice")).json()["token"]
        with nginx.open_socket() as listener:
            authorized = {"Authorization": f"Bearer {token}"}
            client.post("/api/messages", json={"source": "over TLS"}, headers=authorized)
            while "over TLS" not in str(listener.recv(timeout=15)):
                pass
        login = client.get("/api-auth/login/")
    assert "Secure" in login.headers["Set-Cookie"]


@pytest.mark.attack("TLS, addresses and floods at nginx")
@pytest.mark.parametrize("behind_a_proxy", ["requests"], indirect=True)
def test_requests_of_one_address_are_limited(behind_a_proxy: Site) -> None:
    with behind_a_proxy.client() as client:

        def ask(address: str) -> httpx.Response:
            headers = {"X-Forwarded-For": address}
            return client.get("/static/chat/icon.svg", headers=headers)

        *accepted, refused = (ask("192.0.2.1") for _ in range(1 + 300 // 50 + 1))
        assert {answer.status_code for answer in accepted} == {200}
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "1"
        assert refused.json().keys() == {"error", "code"}
        assert ask("192.0.2.2").status_code == 200


@pytest.mark.attack("TLS, addresses and floods at nginx")
@pytest.mark.parametrize("nginx", ["connections"], indirect=True)
def test_connections_of_one_address_are_limited(nginx: Site) -> None:
    most = 300 // 50
    context = nginx.context()
    with ExitStack() as held, nginx.client() as client:
        # Requests whose bodies never arrive.
        waiting = [held.enter_context(closing(nginx.ask("POST /api/tokens", context, length=9)))
                   for _ in range(most)]  # fmt: skip
        until(lambda: client.get("/healthz").status_code == 429)
        waiting[0].close()
        until(lambda: client.get("/healthz").status_code == 200)


# The networks of an IPv6 client in the application: (64, 1), (56, 4) and (48, 16).
TIERS = [
    (IPv6Network(network).prefixlen, factor)
    for network, factor in throttling.networks("2001:db8::1")
]


@pytest.mark.parametrize(("prefix", "factor"), TIERS)
def test_the_networks_of_nginx_have_the_factors_of_the_application(
    prefix: int, factor: int
) -> None:
    zone = "" if prefix == 64 else f"_{prefix}"
    assert f"zone=flack_requests{zone}:10m rate={50 * factor}r/s;" in SITE
    assert f"limit_req zone=flack_requests{zone} burst={300 * factor} nodelay;" in SITE
    assert f"limit_conn flack_connections{zone} {300 * factor};" in SITE


def addresses(prefix: int, number: int) -> Iterator[str]:
    """Yield addresses of one network, `number`, each in a smaller network of its own."""
    network = int(IPv6Address("2001:db8::")) + (number << 128 - prefix)
    for n in range(1, 200):
        yield str(IPv6Address(network + (n << {64: 0, 56: 64, 48: 72}[prefix])))


@pytest.mark.attack("Address families and networks")
@pytest.mark.parametrize(("prefix", "factor"), TIERS)
@pytest.mark.parametrize("behind_a_proxy", ["requests"], indirect=True)
def test_requests_of_one_ipv6_network_are_limited(
    behind_a_proxy: Site, prefix: int, factor: int
) -> None:
    with behind_a_proxy.client() as client:

        def status(address: str) -> int:
            headers = {"X-Forwarded-For": address}
            return client.get("/static/chat/icon.svg", headers=headers).status_code

        accepted = list(takewhile(lambda each: status(each) == 200, addresses(prefix, 1)))
        burst = 300 * factor // 50
        assert burst < len(accepted) < burst + 20  # it regains one in a minute, times the factor
        assert status(next(addresses(prefix, 2))) == 200


@pytest.mark.attack("Address families and networks")
@pytest.mark.parametrize(("prefix", "factor"), TIERS)
@pytest.mark.parametrize("behind_a_proxy", ["connections"], indirect=True)
def test_connections_of_one_ipv6_network_are_limited(
    behind_a_proxy: Site, prefix: int, factor: int
) -> None:
    context, most = behind_a_proxy.context(), 300 * factor // 50
    with ExitStack() as held, behind_a_proxy.client() as client:
        *rest, last = islice(addresses(prefix, 1), most + 1)
        for address in rest:
            request = f"POST /api/tokens HTTP/1.1\r\nX-Forwarded-For: {address}\r\nX-Rest:"
            held.enter_context(closing(behind_a_proxy.ask(request, context, length=9)))

        def status(address: str) -> int:
            return client.get("/healthz", headers={"X-Forwarded-For": address}).status_code

        until(lambda: status(last) == 429)
        assert status(next(addresses(prefix, 2))) == 200
        held.close()
        until(lambda: status(last) == 200)


def tries(site: Site, nickname: str, header: str) -> Iterator[int]:
    """Sign in once more than one address may, each time with another address in the header.

    That is once more than in two windows of the limit, as one may end meanwhile.
    """
    with site.client() as client:
        for n in range(2 * throttling.SIGN_IN_AS.times + 1):
            headers = basic(nickname, "x") | {header: f"203.0.113.{n}"}
            yield client.post("/api/tokens", headers=headers).status_code


@pytest.mark.attack("TLS, addresses and floods at nginx")
@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP"])
def test_an_address_in_a_header_of_the_client_is_ignored(nginx: Site, header: str) -> None:
    accepted = list(takewhile(lambda code: code != 429, tries(nginx, header, header)))
    assert set(accepted) == {401}
    times = throttling.SIGN_IN_AS.times
    assert times <= len(accepted) <= 2 * times


def test_an_address_in_a_header_of_a_trusted_proxy_is_used(behind_a_proxy: Site) -> None:
    codes = tries(behind_a_proxy, "behind a proxy", "X-Forwarded-For")
    assert set(islice(codes, throttling.SIGN_IN_AS.times + 1)) == {401}
