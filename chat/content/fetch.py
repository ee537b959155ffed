"""A page of the internet, fetched without being led to a place that is not public.

The libraries against that (requests-hardened, safehttpx, ssrfguard) look at the first address only,
let some that are not public through, or leave ports, total time and size to the caller. So h11
speaks HTTP here over a socket of our own, and what is connected to is the address that was checked.
"""

import ipaddress
import re
import socket
import ssl
import string
import time
import zlib
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

import h11
from django.conf import settings

DEADLINE = 10.0  # seconds for all of a preview, from the first look-up to the last byte
CONNECT = 3.0  # seconds for one of a host's addresses
MAX_BYTES = 2**20  # of a page, unpacked; what comes after that is not read
MAX_RECEIVED = MAX_BYTES + 2**18  # bytes of an answer, with its headers and the frames of chunks
MAX_REDIRECTS = 3
PORTS = {"http": 80, "https": 443}
HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; Flack link preview bot)",
    "Accept": "text/html, application/xhtml+xml",
    "Accept-Encoding": "gzip",
    "Connection": "close",
}
# What `is_global` lets through, at least in one of the Pythons that we run on.
NOT_PUBLIC = [
    ipaddress.ip_network(block)
    for block in (
        "168.63.129.16",  # Azure's service inside each of its machines
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # relays to 6to4
        "224.0.0.0/4",  # multicast
        *("::/3", "4000::/2", "8000::/1"),  # all but global unicast, so also each form of IPv4
        "2001::/23",  # protocol assignments, Teredo
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
]
HOST = re.compile(r"[a-z0-9._:-]+")
HTML = re.compile(rb"(?:text/html|application/xhtml\+xml)\s*(?:;|$)", re.IGNORECASE)
CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
META_CHARSET = re.compile(rb"<meta[^>]*?" + CHARSET.pattern, re.IGNORECASE)

# A look-up knows no time-out: one that takes too long is left behind in its thread.
resolver = ThreadPoolExecutor(32, "resolver")


class Refused(Exception):
    """A URL leads to what is not allowed, or to no page."""


FAILURES = (Refused, OSError, h11.ProtocolError, zlib.error)  # that `fetch` raises


class Target(NamedTuple):
    """What to ask, and whom."""

    url: str
    scheme: str
    host: str
    port: int
    path: str


def fetch(url: str) -> tuple[bytes, str]:
    """Return a page, cut after `MAX_BYTES`, and the name of its charset, empty when unknown.

    Raises one of `FAILURES` when there is no page, or it may not be fetched.
    """
    ends = time.monotonic() + DEADLINE
    target = parse(url)
    for _ in range(1 + MAX_REDIRECTS):
        with closing(ask(target, ends)) as answer:
            response = next(answer, None)
            if not isinstance(response, h11.Response):
                raise Refused("no answer")
            headers = dict(response.headers)
            if response.status_code in (301, 302, 303, 307, 308) and b"location" in headers:
                target = parse(target.url, headers[b"location"].decode(errors="replace"))
                continue
            kind = headers.get(b"content-type", b"")
            if response.status_code != 200 or not HTML.match(kind):
                raise Refused(f"{response.status_code} {kind!r}")
            body = unpack(answer, headers.get(b"content-encoding", b"identity").lower())
        charset = CHARSET.search(kind) or META_CHARSET.search(body, 0, 1024)
        return body, charset[1].decode() if charset else ""
    raise Refused("too many redirects")


def parse(url: str, location: str = "") -> Target:
    """Return what to ask for the page at `url`, or where it redirects to."""
    try:
        url = urljoin(url, location)
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        port = PORTS.get(parts.scheme, 0) if parts.port is None else parts.port
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        path = quote(path, safe=string.punctuation)
    except ValueError as error:
        raise Refused(f"{location or url!r}: {error}") from error
    if parts.scheme not in PORTS or "@" in parts.netloc or not HOST.fullmatch(host):
        raise Refused(f"{url!r}")
    return Target(url, parts.scheme, host, port, path)


def ask(target: Target, ends: float) -> Generator[h11.Response | h11.Data]:
    """Send a request for a page, and give the response and the data of the answer."""
    name = f"[{target.host}]" if ":" in target.host else target.host
    if target.port != PORTS[target.scheme]:
        name = f"{name}:{target.port}"
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=2**16)
    headers = {"Host": name, **HEADERS}.items()
    request = http.send(h11.Request(method="GET", target=target.path, headers=list(headers)))
    received = 0
    with connect(target, ends) as sock:
        sock.sendall(request or b"")
        http.send(h11.EndOfMessage())
        while received <= MAX_RECEIVED:
            received += 64  # what a tiny chunk costs is not its bytes
            event = http.next_event()
            if event is h11.NEED_DATA:
                sock.settimeout(left(ends))
                data = sock.recv(2**16)
                received += len(data)
                http.receive_data(data)
            elif isinstance(event, h11.Response | h11.Data):
                yield event
            elif not isinstance(event, h11.InformationalResponse):
                return
    raise Refused("the answer is too long")


def connect(target: Target, ends: float) -> socket.socket:
    """Return a socket to a host, to the very address that was found to be public.

    One address that is not public condemns the host. Only the hosts in the setting
    `FLACK_PREVIEW_HOSTS`, as "host" or "host:port", may be anywhere.
    """
    scheme, host, port = target.scheme, target.host, target.port
    anywhere = {host, f"{host}:{port}"} & set(settings.FLACK_PREVIEW_HOSTS)
    if not anywhere and port not in PORTS.values():
        raise Refused(f"port {port}")
    look_up = resolver.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    addresses = look_up.result(left(ends))
    if not anywhere and not all(is_public(str(address[0])) for *_, address in addresses):
        raise Refused(f"{host} is at {addresses}")
    failure = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in addresses:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(min(CONNECT, left(ends)))
            sock.connect(address)
            sock.settimeout(left(ends))
            return tls().wrap_socket(sock, server_hostname=host) if scheme == "https" else sock
        except OSError as error:
            sock.close()
            failure = error
    raise failure


def is_public(address: str) -> bool:
    """Tell whether an IP address is one that all of the internet can reach."""
    ip = ipaddress.ip_address(address)
    return ip.is_global and not any(ip in block for block in NOT_PUBLIC)


@cache
def tls() -> ssl.SSLContext:
    """Return what checks certificates, made once: it reads all that the system trusts."""
    return ssl.create_default_context()


def left(ends: float) -> float:
    """Return the seconds until `ends`; raise TimeoutError after it."""
    seconds = ends - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the page takes too long")
    return seconds


def unpack(answer: Iterable[h11.Event], encoding: bytes) -> bytes:
    """Return the body of an answer, unpacked, and cut after `MAX_BYTES`."""
    if encoding not in (b"gzip", b"identity"):
        raise Refused(f"{encoding!r}")
    gzip = zlib.decompressobj(wbits=31)
    body = bytearray()
    for event in answer:
        if isinstance(event, h11.Data) and (room := MAX_BYTES - len(body)):
            body += gzip.decompress(event.data, room) if encoding == b"gzip" else event.data[:room]
        else:
            break
    return bytes(body)
