"""Malformed and ambiguous requests. `{}` stands for a valid token."""

from base64 import b64encode

BYTES = [bytes([number]) for number in range(256) if number not in b"\r\n"]


def get(*headers: bytes, path: bytes = b"/api/users", version: bytes = b"HTTP/1.1") -> bytes:
    """Return a GET with these headers after its Host."""
    lines = [b"GET " + path + b" " + version, b"Host: localhost", *headers]
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def post(
    *headers: bytes, body: bytes = b'{"source": "x"}', path: bytes = b"/api/messages"
) -> bytes:
    """Return an authenticated POST of JSON with these headers."""
    lines = [b"POST " + path + b" HTTP/1.1", b"Host: localhost", b"Authorization: Bearer {}"]
    lines += [b"Content-Type: application/json", *headers, b"Connection: close"]
    return b"\r\n".join([*lines, b"", body])


def length(body: bytes = b'{"source": "x"}') -> bytes:
    """Return the Content-Length of a body."""
    return b"Content-Length: %d" % len(body)


def upgrade(*headers: bytes, path: bytes = b"/ws/") -> bytes:
    """Return a WebSocket handshake with these headers in place of the usual ones."""
    own = {
        b"host": b"Host: localhost",
        b"upgrade": b"Upgrade: websocket",
        b"connection": b"Connection: Upgrade",
        b"sec-websocket-key": b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        b"sec-websocket-version": b"Sec-WebSocket-Version: 13",
    }
    own |= {header.partition(b":")[0].lower(): header for header in headers}
    return b"\r\n".join([b"GET " + path + b" HTTP/1.1", *own.values(), b"", b""])


# None of these may be accepted as a token: the answer is 401, or 400 for an invalid header.
TOKENS = [
    *(b"Bearer " + byte for byte in BYTES),
    *(b"Bearer {}" + byte for byte in BYTES if byte not in (b" ", b"\t")),
    *(byte + b"earer {}" for byte in BYTES if byte not in b"Bb \t"),
    *(b"Bearer " + b"0" * size for size in (63, 64, 65, 1000, 7000)),
    *(b"Bearer" + gap + b"{}" for gap in (b"", b":", b"=", b",", b"\x0b", b"\xc2\xa0")),
    b"Bearer Bearer {}",
    b"Bearer {} {}",
    b"Bearer {}, Bearer {}",
    b'Bearer "{}"',
    b"Bearer token={}",
    b"Bearer %7B%7D",
    b"Bearer ' OR 1=1 --",
    b"Bearer \xf0\x9f\x8e\x89",
    b"Bearer \xff\xfe",
    b"Token {}",
    b"Negotiate {}",
    b"Digest username=x",
    *(
        b"Basic " + b64encode(pair)
        for pair in (
            *(byte + b":" + byte for byte in BYTES),
            b"",
            b":",
            b"::",
            b"no colon",
            b"a" * 4000 + b":b",
            b"a:" + b"b" * 4000,
            b"\xff\xfe:\xff",
            b"\xed\xa0\x80:x",
            "‮:x".encode(),
            b"' OR 1=1 --:x",
        )
    ),
    b"Basic",
    b"Basic =",
    b"Basic a",
    b"Basic !!!!",
    b"Basic " + b64encode(b"a:b") + b"!",
    b"Basic \xff\xff",
]

# Parameters of a Content-Type that Python cannot parse.
PARAMETERS = [b"charset*=bogus''x", b"a*=x; a*0=y", b"a*" + b"9" * 5000 + b"=x"]

HEADERS = [
    *(b"Authorization: Bearer {}\r\nAuthorization: Bearer " + x for x in (b"x", b"{}")),
    *(b"X-Any" + byte + b": x" for byte in BYTES if byte not in b":"),
    *(b"X-Any: " + byte for byte in BYTES),
    b"no colon",
    b": no name",
    b"X-Any : space",
    b" folded: x",
    b"X-Any: a\r\n folded",
    b"X-Any: a\rX-Other: b",
    b"X-Any: a\nX-Other: b",
    b"X-Long: " + b"x" * 100_000,
    b"X-" + b"x" * 100_000 + b": x",
    b"\r\n".join(b"X-%d: x" % number for number in range(500)),
    *(
        b"Host: " + host
        for host in (b"", b"a b", b"evil.test", b"localhost:x", b"[", b"\xff", b"@")
    ),
    *(b"X-Forwarded-For: " + x for x in (b"", b",", b"x", b"\xff", b"1" * 5000, b"::1, x")),
    *(b"X-Forwarded-Port: " + x for x in (b"", b"-1", b"x", b"9" * 5000)),
    *(b"X-Forwarded-Proto: " + x for x in (b"", b"javascript", b"\xff", b"https,http")),
    *(b"Cookie: " + x for x in (b"", b"=", b";;;", b"sessionid=\xff", b"sessionid=" + b"x" * 5000)),
    *(b"Cookie: csrftoken=" + x for x in (b"", b"\xff", b'"', b"x" * 5000)),
    *(b"Accept: " + x for x in (b"", b";", b"*", b"text/html;q=x", b"\xff/\xff", b"," * 3000)),
    b"Accept: text/html; a*=x; a*0=y",
    *(b"Content-Type: application/json; " + x for x in PARAMETERS),
    *(b"Prefer: " + x for x in (b"", b"\xff", b";=;", b"," * 3000)),
    *(b"If-None-Match: " + x for x in (b"", b'"', b"W/", b"\xff", b"," * 3000)),
    *(b"Range: bytes=" + x for x in (b"", b"-", b"9-1", b"0-0,1-1", b"x")),
    *(b"Expect: " + x for x in (b"100-continue", b"x", b"\xff")),
    *(b"Upgrade: " + x for x in (b"websocket", b"h2c", b"\xff")),
    *(b"Daphne-Root-Path: " + x for x in (b"/x", b"\xff", b"%00", b"//evil.test")),
    *(b"Transfer-Encoding: " + x for x in (b"chunked", b"x", b"identity", b"\xff")),
    *(b"Content-Length: " + x for x in (b"-1", b"+1", b"1e3", b"0x1", b"1, 2", b"", b"9" * 50)),
]

REQUESTS = [
    *(get(header) for header in HEADERS),
    get(b'Cookie: sessionid="12345678\\000"', path=b"/admin/"),
    # Request lines.
    b"\r\n\r\n",
    b"\0" * 100 + b"\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET /api/users\r\n\r\n",
    b"get /api/users HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"G\xffT /api/users HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET  /api/users  HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /api/users HTTP/1.1\nHost: localhost\n\n",
    b"GET /api/users HTTP/1.1\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 50 + b"\r\n\r\n",
    *(get(version=x) for x in (b"HTTP/0.9", b"HTTP/1.0", b"HTTP/9.9", b"http/1.1", b"x")),
    # Paths.
    *(
        get(path=path)
        for path in (
            *(b"/api/users/" + byte for byte in BYTES if byte not in b" 0123456789?#"),
            b"x",
            b"*",
            b"//evil.test/",
            b"http://evil.test/",
            b"http://[/",
            b"/%",
            b"/%ff",
            b"/%00",
            b"/%2e%2e/%2e%2e/etc/passwd",
            b"/../../etc/passwd",
            b"/static/../../flack_project/settings.py",
            b"/static/%2e%2e/%2e%2e/manage.py",
            b"/static//etc/passwd",
            b"/static/chat/../../../manage.py",
            b"/static/chat\\..\\..\\manage.py",
            b"/" + b"a/" * 4000,
            b"/api/users?" + b"a=b&" * 2000,
            b"/api/users?updated_since=%00",
            b"/api/users?updated_since=\xff",
            b"/api/messages?before=" + b"9" * 1000,
            b"/tasks/status/%00",
            b"/tasks/status/../../api",
            b"/nginx-error",
        )
    ),
    # Bodies.
    *(
        post(*headers, body=body)
        for headers, body in (
            ([b"Content-Length: 3", b"Content-Length: 15"], b'{"source": "x"}'),
            ([length(), b"Transfer-Encoding: chunked"], b"0\r\n\r\n"),
            ([b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"], b"0\r\n\r\n"),
            ([b"Transfer-Encoding: chunked"], b"x\r\n"),
            ([b"Transfer-Encoding: chunked"], b"-1\r\nx\r\n0\r\n\r\n"),
            ([b"Transfer-Encoding: chunked"], b"ffffffffffffffffff\r\nx"),
            ([b"Transfer-Encoding: chunked"], b"3\r\nabcdef\r\n0\r\n\r\n"),
            ([b"Transfer-Encoding: xchunked"], b"0\r\n\r\n"),
            ([b"Content-Length: 10000000000000"], b"x"),
            ([b"Content-Encoding: gzip", length()], b'{"source": "x"}'),
            ([b"Idempotency-Key: \xff", length()], b'{"source": "x"}'),
            ([b"Idempotency-Key: " + b"x" * 5000, length()], b'{"source": "x"}'),
            ([length(b"\xff\xfe\x00")], b"\xff\xfe\x00"),
            ([length(b"[" * 100_000)], b"[" * 100_000),
            ([length(b'{"source": "\\ud800"}')], b'{"source": "\\ud800"}'),
            ([length(b'{"source": "\\u0000"}')], b'{"source": "\\u0000"}'),
        )
    ),
    # Handshakes.
    *(
        upgrade(*headers)
        for headers in (
            *([b"Sec-WebSocket-Key: " + x] for x in (b"", b"x", b"\xff", b"x" * 5000)),
            *([b"Sec-WebSocket-Version: " + x] for x in (b"", b"0", b"-1", b"999", b"x", b"\xff")),
            *([b"Sec-WebSocket-Protocol: " + x] for x in (b"\xff", b",,,", b"x" * 5000, b"%ff")),
            [b"Sec-WebSocket-Extensions: \xff"],
            [b"Sec-WebSocket-Extensions: permessage-deflate;x=y"],
            *([b"Connection: " + x] for x in (b"keep-alive", b"\xff")),
            *([b"Upgrade: " + x] for x in (b"x", b"\xff", b"h2c")),
            *([b"Origin: " + x] for x in (b"http://evil.test", b"null", b"\xff", b"http://[")),
            *([b"Host: " + x] for x in (b"", b"[", b"\xff", b"a b", b"localhost:x")),
        )
    ),
]  # fmt: skip
