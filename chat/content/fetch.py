"""A fetcher for pages that users link to, which connects only to public addresses.

h11 parses HTTP over a socket that this module opens, so the address that is connected to is the one
that was checked. Libraries that promise the same (requests-hardened, safehttpx, ssrfguard) check
only the first address, accept some that are not public, or set no limit on port, time and size.
pycurl 7.49 was tried as well: it reads a chunk extension without end (264 MiB in a time-out of 5 s,
none of which reaches a callback), and cannot abandon a DNS look-up.
"""

import ipaddress
import re
import socket
import ssl
import string
import time
import zlib
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from typing import Any, NamedTuple, cast
from urllib.parse import quote, urljoin, urlsplit

import h11
import idna
from django.conf import settings

from chat.content.slots import Slots

CONNECT = 3.0  # seconds to connect to one of a host's addresses
LOOK_UP = 3.0  # seconds to look up a host
PATIENCE = 2.0  # seconds to wait for other fetches from the same host
MAX_BYTES = 2**20  # of a page, unpacked; the rest is not read
MAX_RECEIVED = MAX_BYTES + 2**18  # bytes of a response, with headers and chunk framing
MAX_URL = 8_000  # characters; servers accept about as many in the first line of a request
MAX_REDIRECTS = 10  # a chain of shortener, https and www needs about 5; browsers follow 20
PORTS = {"http": 80, "https": 443}
HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; Flack link preview bot)",
    "Accept": "text/html, application/xhtml+xml",
    "Accept-Encoding": "gzip",
    "Connection": "close",
}
# Networks that `is_global` accepts, at least in one of the supported versions of Python.
NOT_PUBLIC = [
    ipaddress.ip_network(block)
    for block in (
        "168.63.129.16",  # the platform service of Azure, reachable from each virtual machine
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "224.0.0.0/4",  # multicast
        *("::/3", "4000::/2", "8000::/1"),  # all but global unicast; includes mapped IPv4
        "2001::/23",  # protocol assignments, Teredo
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
]
HOST = re.compile(r"[a-z0-9._:-]+")
HTML = re.compile(rb"(?:text/html|application/xhtml\+xml)\s*(?:;|$)", re.IGNORECASE)
CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
GZIP = (b"gzip", b"x-gzip")

# `getaddrinfo` has no time-out: a look-up that takes too long is abandoned in its thread. The slots
# of a domain keep its slow servers from taking all threads.
resolver = ThreadPoolExecutor(32, "resolver")
look_ups = Slots(4)  # key: the last two labels of the host
fetches = Slots(8)  # key: host and port; more than the links of one message


class Refused(Exception):
    """The URL may not be fetched, or the response is not an HTML page."""


FAILURES = (Refused, OSError, h11.ProtocolError, zlib.error)  # raised by `fetch`


class Target(NamedTuple):
    """A checked URL, split into the parts of a request."""

    url: str
    scheme: str
    host: str
    port: int
    path: str


def fetch(
    url: str, ends: float, admit: Callable[[str], None] = lambda host: None
) -> tuple[bytes, str]:
    """Return the first `MAX_BYTES` of a page and the charset in its header, empty if there is none.

    Gives up at `ends`, in terms of `time.monotonic()`. `admit` is called with each host before a
    request is sent to it, and may raise Refused. Raises one of `FAILURES` when there is no page, or
    it may not be fetched.
    """
    target = parse(url)
    for _ in range(1 + MAX_REDIRECTS):
        admit(target.host)
        slot = fetches.hold((target.host, target.port), min(PATIENCE, left(ends)))
        with slot, closing(ask(target, ends)) as events:
            response = next(events, None)
            if not isinstance(response, h11.Response):
                raise Refused("no response")
            headers = dict(response.headers)
            if response.status_code in (301, 302, 303, 307, 308) and b"location" in headers:
                target = parse(target.url, headers[b"location"].decode(errors="replace"))
                continue
            kind = headers.get(b"content-type", b"")
            if response.status_code != 200 or not HTML.match(kind):
                raise Refused(f"{response.status_code} {kind!r}")
            charset = CHARSET.search(kind.decode("latin-1"))
            # After the response come only events with data: `ask` returns at any other.
            body = (cast(h11.Data, event).data for event in events)
            encoding = headers.get(b"content-encoding", b"identity").lower()
            return unpack(body, encoding), charset[1] if charset else ""
    raise Refused("too many redirects")


def parse(url: str, location: str = "") -> Target:
    """Return the target of `url`, or of a redirect from it to `location`."""
    if max(len(url), len(location)) > MAX_URL:
        raise Refused("the URL is too long")
    try:
        url = urljoin(url, location)
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not host.isascii():
            host = idna.encode(host, uts46=True).decode()
        host.encode("idna")  # rejects empty and long labels, which `getaddrinfo` raises for
        port = PORTS.get(parts.scheme, 0) if parts.port is None else parts.port
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        path = quote(path, safe=string.punctuation)
    except ValueError as error:
        raise Refused(f"{location or url!r}: {error}") from error
    if parts.scheme not in PORTS or "@" in parts.netloc or not HOST.fullmatch(host):
        raise Refused(f"{url!r}")
    return Target(url, parts.scheme, host, port, path)


def ask(target: Target, ends: float) -> Generator[h11.Response | h11.Data]:
    """Send a request, and yield the response and then the data of its body."""
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
            received += 64  # an event has a cost, however small its data
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
    raise Refused("the response is too long")


def connect(target: Target, ends: float) -> socket.socket:
    """Return a connected socket, to an address that was checked to be public.

    A host with any address that is not public is refused as a whole. Hosts in the setting
    `FLACK_PREVIEW_HOSTS`, as "host" or "host:port" (the environment variable requires the port),
    may have any address.
    """
    scheme, host, port = target.scheme, target.host, target.port
    exempt = {host, f"{host}:{port}"} & set(settings.FLACK_PREVIEW_HOSTS)
    if not exempt and port not in PORTS.values():
        raise Refused(f"port {port}")
    addresses = look_up(host, port, min(LOOK_UP, left(ends)))
    if not exempt and not all(is_public(str(address[0])) for *_, address in addresses):
        raise Refused(f"{host} has an address that is not public: {addresses}")
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


def look_up(host: str, port: int, seconds: float) -> list[Any]:
    """Return the addresses of a host as `getaddrinfo` does; raise an OSError after `seconds`."""
    domain = ".".join(host.split(".")[-2:])
    look_ups.take(domain, seconds)
    answer = resolver.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    answer.add_done_callback(lambda _: look_ups.free(domain))
    try:
        return answer.result(seconds)
    except TimeoutError:
        answer.cancel()  # if all threads are busy it has not begun
        raise


def is_public(address: str) -> bool:
    """Return True if an IP address can be reached from all of the internet."""
    ip = ipaddress.ip_address(address)
    return ip.is_global and not any(ip in block for block in NOT_PUBLIC)


@cache
def tls() -> ssl.SSLContext:
    """Return the context that verifies certificates. Cached: loading the CAs takes 20 ms."""
    return ssl.create_default_context()


def left(ends: float) -> float:
    """Return the seconds left until `ends`, or raise TimeoutError."""
    seconds = ends - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the page takes too long")
    return seconds


def unpack(body: Iterator[bytes], encoding: bytes) -> bytes:
    """Return the first `MAX_BYTES` of a body, unpacked if `encoding` is gzip."""
    if encoding not in (*GZIP, b"identity"):
        raise Refused(f"{encoding!r}")
    gzip, later = zlib.decompressobj(wbits=31), False
    page = bytearray()
    for data in body:
        while data and (room := MAX_BYTES - len(page)):
            if encoding not in GZIP:
                page += data[:room]
                break
            if gzip.eof:  # a second member begins, or garbage, which browsers ignore too
                gzip, later = zlib.decompressobj(wbits=31), True
            try:
                page += gzip.decompress(data, room)
            except zlib.error:
                if later:
                    return bytes(page)
                raise
            data = gzip.unused_data
        if len(page) == MAX_BYTES:
            break
    return bytes(page)
