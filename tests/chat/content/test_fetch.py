"""Tests of chat/content/fetch.py.

Each attack is checked by the connections that were opened, not only by the response.
"""

import gzip
import io
import re
import socket
import ssl
import struct
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.content import fetch as fetch_module
from chat.content import previews as previews_module
from chat.content.fetch import FAILURES, MAX_BYTES, MAX_REDIRECTS, Refused, is_public
from chat.content.previews import previews
from tests.certificates import certify
from tests.chat.content.corpus_addresses import INWARD, LOOPBACK, ODD, URLS
from tests.chat.content.sites import HEAD, PAGE, Site, answer, redirect

PUBLIC, PUBLIC_6 = "93.184.216.34", "2606:4700:4700::1111"

pytestmark = pytest.mark.usefixtures("internet")


def preview(url: str) -> str | None:
    """Return the preview of one page, as the task makes it."""
    return next(iter(previews([url])), None)


def fetch(url: str) -> tuple[bytes, str]:
    """Fetch a page with enough time."""
    return fetch_module.fetch(url, time.monotonic() + 10)


# --- Addresses --------------------------------------------------------------------------------


def attacks(*lists: list[str]) -> list[Any]:
    """Return the cases as parameters with printable ids."""
    return [pytest.param(case, id=ascii(case)[1:-1][:60]) for cases in lists for case in cases]


@pytest.mark.attack("Links inward: addresses")
@pytest.mark.parametrize("host", attacks(LOOPBACK, INWARD, ODD))
def test_a_link_inward_connects_to_nothing(canary, internet, host):
    assert preview(f"http://{host}/") is None
    assert preview(f"https://{host}:{canary.port}/x?y") is None
    assert internet.connections == []
    assert canary.visits == 0


@pytest.mark.attack("Links inward: redirects")
@pytest.mark.parametrize("host", attacks(LOOPBACK, INWARD, ODD))
def test_a_redirect_inward_connects_to_nothing_more(canary, site, internet, host):
    site.pages["/"] = redirect(
        f"http://{host}/".encode(errors="surrogatepass").replace(b"\0", b"%00")
    )
    assert preview(site.url) is None
    assert set(internet.connections) == {("127.0.0.1", site.port)}
    assert canary.visits == 0


@pytest.mark.attack("Links inward: addresses")
@pytest.mark.parametrize("ip", attacks(LOOPBACK[:1], ["::1", "::ffff:127.0.0.1"], INWARD))
def test_a_name_that_leads_inward_connects_to_nothing(canary, internet, ip):
    internet.names = {"evil.test": [[ip.strip("[]")]]}
    assert preview("http://evil.test/") is None
    assert internet.connections == []
    assert canary.visits == 0


@pytest.mark.attack("Links inward: addresses")
@pytest.mark.parametrize("url", attacks(URLS))
def test_a_url_that_is_none_for_a_page_connects_to_nothing(canary, internet, url):
    assert preview(url.replace("{}", f"127.0.0.1:{canary.port}")) is None
    assert internet.connections == []
    assert canary.visits == 0


@pytest.mark.attack("Links inward: addresses")
@pytest.mark.parametrize("login", ["me", "me:secret", ":secret", "", "foo.com"])
def test_a_url_with_a_login_connects_to_nothing(site, internet, login):
    assert preview(f"http://{login}@{site.host}/") is None
    site.pages["/"] = redirect(f"//{login}@{site.host}/b")
    assert preview(site.url) is None
    assert site.visits == 1


@pytest.mark.attack("Links inward: addresses")
@pytest.mark.parametrize(
    "host", ["%66oo.com", "foo.com\0x", "a b", "[::1%25lo]", "a\\b", "*", "a,b"]
)
def test_a_host_of_other_characters_is_not_even_looked_up(internet, host):
    assert preview(f"http://{host}/") is None
    assert internet.look_ups == []


@pytest.mark.parametrize("host", attacks(LOOPBACK))
def test_without_the_check_the_canary_is_reached(canary, monkeypatch, host):
    """Prove that the tests above can fail."""
    monkeypatch.setattr(fetch_module, "is_public", lambda address: True)
    assert preview(f"http://{host}/") is not None


@pytest.mark.parametrize("ip", [PUBLIC, PUBLIC_6, "1.1.1.1", "2001:4860:4860::8888", "100.128.0.1"])
def test_a_public_address_is_connected_to(internet, ip):
    assert is_public(ip)
    internet.names = {"foo.com": [[ip]]}
    assert preview("http://foo.com/") is None
    assert preview("https://foo.com/") is None
    assert internet.connections == [(ip, 80), (ip, 443)]


@pytest.mark.attack("Links inward: addresses")
def test_a_name_is_looked_up_once_so_that_its_answer_cannot_change(canary, internet):
    internet.names = {"evil.test": [[PUBLIC], ["127.0.0.1"]]}
    assert preview("http://evil.test/") is None
    assert internet.look_ups == ["evil.test"]
    assert internet.connections == [(PUBLIC, canary.port)]
    assert canary.visits == 0


@pytest.mark.attack("Links inward: redirects")
def test_a_name_is_checked_again_after_a_redirect_to_itself(canary, settings, internet):
    internet.names = {"evil.test": [["127.0.0.1"], ["127.0.0.1"]]}
    first = Site()
    settings.FLACK_PREVIEW_HOSTS = [f"evil.test:{first.port}"]
    first.pages["/"] = redirect("http://evil.test/")
    assert preview(f"http://evil.test:{first.port}/") is None
    first.stop()
    assert internet.look_ups == ["evil.test", "evil.test"]
    assert internet.connections == [("127.0.0.1", first.port)]
    assert canary.visits == 0


@pytest.mark.attack("Links inward: addresses")
@pytest.mark.parametrize("ips", [[PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC], [PUBLIC, "::1"]])
def test_one_inward_address_condemns_a_name(canary, internet, ips):
    internet.names = {"evil.test": [ips]}
    assert preview("http://evil.test/") is None
    assert internet.connections == []


def test_the_next_address_is_tried_when_one_does_not_answer(internet):
    internet.names = {"foo.com": [[PUBLIC_6, PUBLIC]]}
    assert preview("http://foo.com/") is None
    assert internet.connections == [(PUBLIC_6, 80), (PUBLIC, 80)]


def test_a_name_without_an_address_is_no_page(internet):
    internet.names = {"foo.com": [[]]}
    assert preview("http://foo.com/") is None
    assert preview("http://bar.com/") is None
    assert internet.connections == []


@pytest.mark.attack("Links inward: addresses")
@pytest.mark.parametrize("port", [0, 1, 22, 25, 81, 444, 6379, 8000, 8080, 65535])
def test_only_the_ports_of_the_web_are_connected_to(internet, port):
    for scheme in ("http", "https"):
        assert preview(f"{scheme}://{PUBLIC}:{port}/") is None
    assert internet.look_ups == []
    assert internet.connections == []


@pytest.mark.parametrize("url", ["http://foo.com:443", "https://foo.com:80", "HTTP://FOO.com:"])
def test_the_ports_of_the_web_may_be_written_out(internet, url):
    internet.names = {"foo.com": [[PUBLIC]]}
    assert preview(url) is None
    assert len(internet.connections) == 1


@pytest.mark.parametrize("entry", ["127.0.0.1", "127.0.0.1:{}"])
def test_a_host_in_the_setting_may_be_anywhere(site, settings, entry):
    settings.FLACK_PREVIEW_HOSTS = [entry.format(site.port)]
    assert preview(site.url) is not None


@pytest.mark.attack("Links inward: addresses")
@pytest.mark.parametrize("entry", ["127.0.0.1:1", "localhost", "*", "127.0.0", "0.1", ""])
def test_only_exactly_that_host_may(site, settings, internet, entry):
    settings.FLACK_PREVIEW_HOSTS = [entry]
    assert preview(site.url) is None
    assert internet.connections == []


@pytest.mark.attack("Links inward: addresses")
@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_not_used(canary, site, monkeypatch, variable):
    monkeypatch.setenv(variable, f"http://127.0.0.1:{canary.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    assert preview(site.url) is not None
    assert (site.visits, canary.visits) == (1, 0)


@given(
    st.text(st.characters(), max_size=40), st.sampled_from(["", "http://", "http://[", "https://a"])
)
def test_no_text_as_a_url_is_an_error(internet, start, text):
    assert preview(start + text) is None
    assert preview(f"http://foo.com:80/{text}") is None


# --- Redirects --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_and_the_link_stays(site, status):
    site.pages |= {"/a": redirect("/b", f"{status} Go"), "/b": redirect("?c"), "/b?c": answer()}
    html = preview(site.url + "a")
    assert html is not None and f'<a href="{site.url}a">A page</a>' in html
    assert site.visits == 3


@pytest.mark.attack("Links inward: redirects")
def test_too_many_redirects_are_no_page(site):
    for number in range(MAX_REDIRECTS + 1):
        site.pages[f"/{number}"] = redirect(f"/{number + 1}")
    site.pages[f"/{MAX_REDIRECTS + 1}"] = answer()
    assert preview(site.url + "0") is None
    assert preview(site.url + "1") is not None


@pytest.mark.attack("Links inward: redirects")
def test_a_redirect_in_a_circle_ends(site):
    site.pages["/"] = redirect("/")
    assert preview(site.url) is None
    assert site.visits == 1 + MAX_REDIRECTS


@pytest.mark.attack("Links inward: redirects")
@pytest.mark.parametrize("url", attacks([url for url in URLS if ":" in url.split("/")[0]]))
def test_a_redirect_to_what_is_no_page_connects_to_nothing_more(canary, site, internet, url):
    location = url.replace("{}", f"127.0.0.1:{canary.port}").encode(errors="surrogatepass")
    site.pages["/"] = redirect(location.translate(None, b"\0\r\n"))
    assert preview(site.url) is None
    assert set(internet.connections) == {("127.0.0.1", site.port)}
    assert canary.visits == 0


@pytest.mark.attack("Links inward: redirects")
@pytest.mark.parametrize("status", ["300 Choose", "304 Same", "305 Proxy", "201 Created", "200 OK"])
def test_a_location_of_another_status_is_not_followed(site, status):
    site.pages["/"] = answer(status=status, location="/b")
    preview(site.url)
    assert site.visits == 1


@pytest.mark.attack("Links inward: redirects")
@pytest.mark.parametrize(
    "location", ["http://[", "http://x:y/", "", "#top", "\xff", "http://", "//"]
)
def test_a_redirect_to_nowhere_is_no_page(site, location):
    site.pages["/"] = redirect(location.encode("latin-1"))
    assert preview(site.url) is None


def test_a_redirect_without_a_location_is_no_page(site):
    site.pages["/"] = answer(status="302 Found")
    assert preview(site.url) is None


# --- Requests ---------------------------------------------------------------------------------


def test_a_request_names_the_bot_and_sends_no_credentials(site, tmp_path, monkeypatch):
    (tmp_path / ".netrc").write_text("default login me password secret")
    monkeypatch.setenv("HOME", str(tmp_path))
    site.pages["/"] = redirect("/b").replace(b"\r\n\r\n", b"\r\nset-cookie: a=b\r\n\r\n")
    site.pages["/b"] = answer()
    assert preview(site.url) is not None
    request = site.requests[1].decode().split("\r\n")
    assert request[0] == "GET /b HTTP/1.1"
    headers = dict(line.split(": ") for line in request[1:-1])
    assert headers.pop("Host") == site.host
    assert "Flack" in headers["User-Agent"] and "bot" in headers.pop("User-Agent")
    assert set(headers) == {"Accept", "Accept-Encoding", "Connection"}


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("", "/"),
        ("?a=b", "/?a=b"),
        ("a%20b/\u00fc?q=\u00e9 x&y#part", "/a%20b/%C3%BC?q=%C3%A9%20x&y"),
        ("a\tb\r\nHost: evil", "/abHost:%20evil"),
        ("'\"<>{}|\\^`", "/'\"<>{}|\\^`"),
    ],
)
def test_a_path_is_asked_for_as_it_can_be_sent(site, path, asked):
    preview(site.url + path)
    assert site.requests[0].split(b"\r\n")[0].decode() == f"GET {asked} HTTP/1.1"
    assert site.requests[0].count(b"\r\n") == 6


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("B\u00dccher.de", "xn--bcher-kva.de"),
        ("bu\u0308cher.de", "xn--bcher-kva.de"),
        ("fa\xdf.de", "xn--fa-hia.de"),
        ("\u4f8b\u3048\u3002jp", "xn--r8jz45g.jp"),
    ],
)
def test_a_host_of_another_script_is_looked_up_as_browsers_do(internet, host, name):
    preview(f"http://{host}/")
    assert internet.look_ups == [name]


@pytest.mark.parametrize("url", ["http://[2606:4700:4700::1111]/", f"http://{PUBLIC}:443/"])
def test_the_host_header_is_the_host_of_the_url(site, monkeypatch, url):
    def connect(target, ends):
        return socket.create_connection(("127.0.0.1", site.port))

    monkeypatch.setattr(fetch_module, "connect", connect)
    assert preview(url) is not None
    assert b"\r\nHost: " + url[7:-1].encode() + b"\r\n" in site.requests[0]


# --- Responses --------------------------------------------------------------------------------


@pytest.mark.attack("Linked pages: bodies, endless, packed, slow, not HTTP")
@pytest.mark.parametrize(
    "status", [100, 101, 201, 202, 203, 204, 206, 304, 400, 404, 418, 500, 503, 999]
)
def test_only_status_200_is_a_page(site, status):
    site.pages["/"] = answer(status=f"{status} Some")
    assert preview(site.url) is None


@pytest.mark.parametrize(
    ("kind", "is_page"),
    [
        ("text/html", True),
        ("Text/HTML ; Charset=UTF-8", True),
        ("application/xhtml+xml", True),
        ("", False),
        ("text/plain", False),
        ("text/html5", False),
        ("text/htm", False),
        ("application/json", False),
        ("application/xml", False),
        ("image/svg+xml", False),
        ("multipart/x-mixed-replace", False),
        ("x/y, text/html", False),
    ],
)
def test_only_html_is_a_page(site, kind, is_page):
    site.pages["/"] = answer(content_type=kind)
    assert (preview(site.url) is not None) == is_page


def test_an_answer_without_a_type_is_no_page(site):
    site.pages["/"] = b"HTTP/1.1 200 OK\r\n\r\n" + PAGE
    assert preview(site.url) is None


@pytest.mark.attack("Linked pages: bodies, endless, packed, slow, not HTTP")
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n",
        b"\0",
        PAGE,
        b"HTTP/1.1",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n" + PAGE,
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n" + PAGE,
        b"HTTP/1.1 200 OK\r\ncontent-type: text/html\0\r\n\r\n" + PAGE,
        answer(content_length="-1"),
        answer(content_length="1e3"),
        answer(content_length="1, 2"),
        answer(content_length="1000000"),
        answer(transfer_encoding="gzip, chunked"),
        answer(b"x\r\n", transfer_encoding="chunked"),
        answer(b"5\r\nab", transfer_encoding="chunked"),
        answer(b"ffffffffffffffffffffffff\r\nab", transfer_encoding="chunked"),
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"* OK IMAP4\r\n",
        bytes(range(256)) * 10,
    ],
)
def test_what_is_not_http_is_no_page(site, data):
    site.pages["/"] = data
    assert preview(site.url) is None


@given(st.binary(max_size=200))
def test_no_answer_is_an_error(site, data):
    site.pages["/"] = data
    preview(site.url)
    site.pages["/"] = answer(data)
    preview(site.url)


@pytest.mark.attack("Linked pages: bodies, endless, packed, slow, not HTTP")
def test_a_connection_that_is_reset_is_no_page(site):
    def reset(site, sock):
        sock.sendall(answer()[:50])
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()

    site.pages["/"] = reset
    assert preview(site.url) is None


def test_a_refused_connection_is_no_page(site):
    site.stop()
    assert preview(site.url) is None


# --- Bounds of size ---------------------------------------------------------------------------


@pytest.mark.attack("Linked pages: bodies, endless, packed, slow, not HTTP")
def test_of_a_page_without_end_the_first_mebibyte_is_read(site):
    def endless(site, sock):
        sock.sendall(HEAD + b"\r\n" + PAGE)
        site.send(sock, b"x" * 1000)

    site.pages["/"] = endless
    body, _ = fetch(site.url)
    assert len(body) == MAX_BYTES
    assert site.sent < 8 * MAX_BYTES  # what fits into the buffers of both ends


@pytest.mark.parametrize("encoding", ["gzip", "GZip", "x-gzip"])
def test_a_packed_page_is_unpacked(site, encoding):
    site.pages["/"] = answer(gzip.compress(PAGE), content_encoding=encoding)
    assert fetch(site.url) == (PAGE, "")


@pytest.mark.parametrize("garbage", [b"", b"garbage", bytes(100), b"\x1fx", b"\x1f\x8b\x08"])
def test_every_member_of_a_packed_page_is_unpacked(site, garbage):
    parts = [b"", *(PAGE[at : at + 9] for at in range(0, len(PAGE), 9)), b""]
    members = b"".join(map(gzip.compress, parts))
    site.pages["/"] = answer(members + garbage, content_encoding="gzip")
    assert fetch(site.url) == (PAGE, "")


def test_a_member_may_be_split_anywhere(site):
    members = gzip.compress(b"a") + gzip.compress(b"b")

    def byte_by_byte(site, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(answer(b"", content_encoding="gzip", content_length=str(len(members))))
        for byte in members:
            sock.sendall(bytes([byte]))

    site.pages["/"] = byte_by_byte
    assert fetch(site.url)[0] == b"ab"


@pytest.mark.attack("Linked pages: bodies, endless, packed, slow, not HTTP")
def test_many_empty_members_take_little_time(site):
    site.pages["/"] = answer(gzip.compress(b"") * (MAX_BYTES // 20), content_encoding="gzip")
    start = time.thread_time()
    assert fetch(site.url)[0] == b""
    assert time.thread_time() - start < 2


@pytest.mark.attack("Linked pages: bodies, endless, packed, slow, not HTTP")
def test_of_a_bomb_the_first_mebibyte_is_unpacked(site):
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb") as file:
        file.write(PAGE)
        for _ in range(50):
            file.write(bytes(2**20))
    site.pages["/"] = answer(bomb.getvalue(), content_encoding="gzip")
    assert len(fetch(site.url)[0]) == MAX_BYTES


@pytest.mark.attack("Linked pages: bodies, endless, packed, slow, not HTTP")
def test_a_packed_page_that_unpacks_to_nothing_is_given_up(site):
    def endless(site, sock):
        sock.sendall(HEAD + b"content-encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10])
        site.send(sock, b"\x00\x00\x00\xff\xff" * 1000)  # blocks of no bytes

    site.pages["/"] = endless
    assert preview(site.url) is None
    assert site.sent < 16 * MAX_BYTES


@pytest.mark.attack("Linked pages: bodies, endless, packed, slow, not HTTP")
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", PAGE),
        ("gzip", gzip.compress(PAGE)[:5] + b"\xff" * 50),
        ("gzip, gzip", gzip.compress(gzip.compress(PAGE))),
        ("deflate", zlib.compress(PAGE)),
        ("br", b"\x1b\x00\x00"),
        ("zstd", b"\x28\xb5\x2f\xfd"),
        ("x", PAGE),
        ("", PAGE),
    ],
)
def test_what_was_packed_in_another_way_is_no_page(site, encoding, body):
    site.pages["/"] = answer(body, content_encoding=encoding)
    assert preview(site.url) is None


@pytest.mark.attack("Linked pages: bodies, endless, packed, slow, not HTTP")
@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n",
        HEAD,
        b"x: y\r\n",
        b"x",
        b"\r\n",
        HEAD + b"transfer-encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 10_000,
        HEAD + b"transfer-encoding: chunked\r\n\r\n1;" + b"x" * 10_000,
        HEAD + b"transfer-encoding: chunked\r\n\r\n0\r\n" + b"x: y\r\n" * 10_000,
    ],
)
def test_an_answer_that_never_comes_to_its_page_is_given_up(site, data):
    site.pages["/"] = lambda site, sock: site.send(sock, data)
    assert preview(site.url) is None
    assert site.sent < 16 * MAX_BYTES


@pytest.mark.attack("Linked pages: bodies, endless, packed, slow, not HTTP")
def test_many_small_chunks_are_given_up(site):
    chunks = b"1\r\nx\r\n" * (MAX_BYTES // 16)
    site.pages["/"] = HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    with pytest.raises(Refused):
        fetch(site.url)


def test_large_headers_are_read_and_huge_ones_are_not(site):
    for size, is_page in ((30_000, True), (300_000, False)):
        site.pages["/"] = answer(x="y" * size)
        assert (preview(site.url) is not None) == is_page


# --- Bounds of time ---------------------------------------------------------------------------


@pytest.fixture
def hurry(monkeypatch):
    """Set the deadline to a third of a second, and fail a test that takes much longer."""
    monkeypatch.setattr(previews_module, "DEADLINE", 0.3)
    start = time.monotonic()
    yield
    assert 0.25 < time.monotonic() - start < 8  # a page that is not given up takes 9


@pytest.mark.attack("Linked pages: bodies, endless, packed, slow, not HTTP")
@pytest.mark.parametrize(
    "drip",
    [
        b"",
        answer(),
        HEAD + b"x: y\r\n" * 100,
        HEAD + b"\r\n" + PAGE * 10,
        b"HTTP/1.1 100 C\r\n\r\n",
    ],
)
def test_a_page_that_comes_slowly_is_given_up(site, hurry, drip):
    site.pages["/"] = lambda site, sock: site.drip(sock, drip) if drip else site.closing.wait(9)
    assert preview(site.url) is None


@pytest.mark.attack("Linked pages: bodies, endless, packed, slow, not HTTP")
def test_the_time_is_for_all_redirects_together(site, hurry):
    def late(site, sock):
        site.closing.wait(0.12)
        sock.sendall(redirect("/"))

    site.pages["/"] = late
    assert preview(site.url) is None


@pytest.mark.attack("Linked pages: bodies, endless, packed, slow, not HTTP")
def test_the_time_is_for_all_links_of_a_message_together(site, hurry, monkeypatch):
    """The pages wait for each other, so that they must be fetched side by side."""
    monkeypatch.setattr(previews_module, "DEADLINE", 2)  # seconds in which all four are fetched
    together = threading.Barrier(4)

    def meet(site, sock):
        together.wait(9)
        sock.sendall(answer())

    site.pages |= {
        **{f"/{number}": meet for number in range(4)},
        "/late": lambda site, sock: site.closing.wait(9),
    }
    found = previews([site.url + path for path in ("0", "1", "late", "2", "3")])
    assert [re.findall('/([0-9a-z]*)"', html) for html in found] == [["0"], ["1"], ["2"], ["3"]]


@pytest.mark.attack("Linked pages: bodies, endless, packed, slow, not HTTP")
def test_a_handshake_that_comes_slowly_is_given_up(site, hurry, monkeypatch):
    monkeypatch.setattr(fetch_module, "CONNECT", 0.05)  # which is not the time for it
    assert preview(site.url.replace("http:", "https:")) is None


@pytest.mark.attack("Linked pages: bodies, endless, packed, slow, not HTTP")
def test_a_look_up_that_comes_slowly_is_given_up(hurry, monkeypatch):
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answered.wait(9) and [])
    assert preview("http://foo.com/") is None
    answered.set()


@pytest.fixture
def silence(internet, monkeypatch):
    """Let the DNS of slow.test answer nothing until this event is set."""
    ended, getaddrinfo = threading.Event(), socket.getaddrinfo

    def look_up(host, *args, **kwargs):
        if not host.endswith("slow.test"):
            return getaddrinfo(host, *args, **kwargs)
        assert ended.wait(60)
        raise socket.gaierror(host)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(fetch_module, "LOOK_UP", 0.05)
    yield ended
    ended.set()


class Threads(ThreadPoolExecutor):
    """Threads that count what they begin; `submit` returns once it has begun, if one is free."""

    begun = 0

    def submit(self, function, *args, **kwargs):
        """Submit a function, and wait until it runs unless all threads are busy."""
        started = threading.Event()

        def run():
            self.begun += 1
            started.set()
            return function(*args, **kwargs)

        free = self.begun < self._max_workers
        future = super().submit(run)
        assert not free or started.wait(60)
        return future


@pytest.mark.attack("Links: slow hosts and DNS, floods of a host")
def test_slow_dns_of_a_domain_leaves_threads_for_others(
    silence, site, internet, monkeypatch, record_property
):
    each, size = fetch_module.look_ups.each, fetch_module.resolver._max_workers
    internet.names["good.test"] = [["127.0.0.1"]]
    with Threads(size) as threads:
        monkeypatch.setattr(fetch_module, "resolver", threads)
        for number in range(size + 1):
            assert preview(f"http://{number}.slow.test/") is None
        record_property("tried", size + 1)
        assert threads.begun == each < size
        assert fetch_module.look_up("good.test", site.port, 9)
        silence.set()


def test_a_look_up_that_waits_for_a_thread_is_not_begun_later(silence, monkeypatch):
    with Threads(1) as one:
        monkeypatch.setattr(fetch_module, "resolver", one)
        for number in range(3):
            assert preview(f"http://{number}.slow.test/") is None
        silence.set()
    assert one.begun == 1


@pytest.mark.attack("Links: slow hosts and DNS, floods of a host")
def test_a_host_gets_a_bounded_number_of_requests_at_once(site, monkeypatch, record_property):
    monkeypatch.setattr(fetch_module, "PATIENCE", 0.05)
    each = fetch_module.fetches.each
    full = threading.Barrier(each + 1)

    def wait(site, sock):
        full.wait(9)
        site.closing.wait(9)

    site.pages["/"] = wait
    with ThreadPoolExecutor(each) as others:
        for _ in range(each):
            others.submit(preview, site.url)
        full.wait(9)
        with pytest.raises(OSError, match="slots"):
            fetch(site.url)
        assert site.visits == each
        site.stop()
    record_property("tried", each + 1)


@pytest.mark.attack("Links: slow hosts and DNS, floods of a host")
def test_each_host_of_a_redirect_is_admitted(site, internet):
    internet.names["victim.test"] = [["127.0.0.1"]]
    asked: list[str] = []

    def admit(host):
        asked.append(host)
        if host == "victim.test":
            raise Refused(host)

    site.pages["/"] = redirect(f"http://victim.test:{site.port}/")
    assert previews([site.url], admit) == []
    assert asked == ["127.0.0.1", "victim.test"]
    assert site.visits == 1


# --- TLS --------------------------------------------------------------------------------------


@pytest.fixture
def secure_site(site, internet, settings, tmp_path):
    """A site with a self-signed certificate for page.test, which the context `trust` accepts."""
    server = certify(tmp_path, "page.test")
    site.asked_for = []
    server.sni_callback = lambda sock, name, context: site.asked_for.append(name)
    site.socket = server.wrap_socket(site.socket, server_side=True, do_handshake_on_connect=False)
    site.trust = ssl.create_default_context(cafile=tmp_path / "fullchain.pem")
    internet.names = {name: [["127.0.0.1"]] for name in ("page.test", "other.test")}
    settings.FLACK_PREVIEW_HOSTS = ["page.test", "other.test"]
    return site


def test_a_certificate_is_checked_against_the_name_not_the_address(secure_site, monkeypatch):
    monkeypatch.setattr(fetch_module, "tls", lambda: secure_site.trust)
    assert preview(f"https://page.test:{secure_site.port}/") is not None
    assert preview(f"https://other.test:{secure_site.port}/") is None
    assert secure_site.asked_for == ["page.test", "other.test"]
    assert len(secure_site.requests) == 1


@pytest.mark.attack("Linked pages: bodies, endless, packed, slow, not HTTP")
def test_a_certificate_of_an_unknown_issuer_is_no_page(secure_site):
    assert preview(f"https://page.test:{secure_site.port}/") is None
    assert secure_site.requests == []


# --- Charset ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "charset"),
    [
        ("text/html", ""),
        ("text/html; charset=", ""),
        ("text/html; charset=x", "x"),
        ('text/html; a=b; Charset = "x"', "x"),
    ],
)
def test_the_charset_is_that_of_the_header(site, kind, charset):
    site.pages["/"] = answer(b"<meta charset=y>", content_type=kind)
    assert fetch(site.url) == (b"<meta charset=y>", charset)


@pytest.mark.attack("Linked pages: bodies, endless, packed, slow, not HTTP")
def test_a_charset_without_end_is_read_quickly(site):
    site.pages["/"] = answer(content_type="text/html; charset=" + " " * 60_000)
    start = time.process_time()
    assert preview(site.url) is not None
    assert time.process_time() - start < 1


@pytest.mark.parametrize("failure", FAILURES)
def test_every_failure_is_an_exception_of_its_own_kind(failure):
    """A bug in this project raises none of these, so it is not taken for a page that fails."""
    for mistake in (TypeError, AttributeError, KeyError, IndexError, AssertionError, ValueError):
        assert not issubclass(mistake, failure)
