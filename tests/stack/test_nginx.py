"""nginx in front of the nodes: its own errors, and the headers that it passes on."""

import gzip
import re

import pytest

from chat.errors import CODES, error_body
from tests.running import ROOT, Stack

HTTP = (ROOT / "nginx/http.conf").read_text()
LOCATIONS = (ROOT / "nginx/flack.conf").read_text()


def test_a_body_beyond_256_kib_is_413_in_json(stack: Stack) -> None:
    answer = stack.post("/api/messages", content=b"x" * (256 * 1024 + 1))
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/json")
    assert answer.json() == {
        "error": "The request is larger than 256 KiB.",
        "code": "too_large",
    }


def test_a_body_of_256_kib_reaches_the_node(stack: Stack) -> None:
    answer = stack.post("/api/messages", content=b"x" * (256 * 1024))
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_required")


def mapped(name: str, status: str) -> str:
    """Return the value of a variable that nginx/http.conf maps from the status."""
    (table,) = re.findall(rf"map \$status \${name} {{\n(.*?)\n}}", HTTP, re.DOTALL)
    rows = dict(re.findall(r'^ *(\S+) "?([^";]*)"?;', table, re.MULTILINE))
    matches = [value for key, value in rows.items() if re.match(key.removeprefix("~"), status)]
    return (matches or [rows["default"]])[0]


@pytest.mark.parametrize("status", re.findall(r"\berror_page ([\d ]+) ", LOCATIONS)[0].split())
def test_an_error_of_nginx_has_the_code_of_its_status_and_retry_after_when_it_passes(
    status: str,
) -> None:
    code = mapped("flack_code", status)
    is_of_a_node = status in ("502", "503", "504")
    assert code == ("unavailable" if is_of_a_node else error_body(int(status), "")["code"])
    assert bool(mapped("flack_retry_after", status)) == (code in ("rate_limited", "unavailable"))


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/" + "x" * 9000, {}, 414),
        ("GET", "/", {"X-Long": "x" * 40_000}, 400),
        ("GET", "/", {"Host": "a b"}, 400),
        ("TRACE", "/", {}, 405),
        ("GET", "/nginx-error", {}, 404),
        ("GET", "/ws", {}, 404),
    ],
)
def test_errors_of_nginx_itself_are_json(
    stack: Stack, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = stack.request(method, path, headers=headers)
    assert answer.status_code == status
    assert answer.json().keys() == {"error", "code"}
    assert answer.json()["code"] in CODES


@pytest.mark.parametrize("count", [501, 3000])
def test_errors_of_a_node_for_headers_that_nginx_passes_on_are_json(
    stack: Stack, count: int
) -> None:
    headers = {f"X-{number}": "" for number in range(count)}
    answer = stack.get("/healthz", headers=headers)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["code"] in CODES
    assert stack.get("/healthz").status_code == 200


@pytest.mark.parametrize("size", [3000, 6000, 8000])
def test_a_long_host_is_400_in_json(stack: Stack, size: int) -> None:
    answer = stack.get("/healthz", headers={"Host": "a" * size})
    assert answer.status_code == 400
    assert answer.json()["code"] in CODES


def test_only_the_path_of_the_websocket_can_be_upgraded(stack: Stack) -> None:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    }
    assert stack.get("/healthz", headers=headers).status_code == 200
    with stack.http.stream("GET", "/ws/", headers=headers) as answer:
        assert answer.status_code == 101


def test_answers_are_compressed_and_name_no_version(stack: Stack) -> None:
    with stack.http.stream("GET", "/", headers={"Accept-Encoding": "gzip"}) as answer:
        assert b"<!doctype html>" in gzip.decompress(b"".join(answer.iter_raw())).lower()
    assert answer.headers["Server"] == "nginx"


def test_forged_forwarding_headers_do_no_harm(stack: Stack) -> None:
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Port": "nonsense"}
    assert stack.get("/healthz", headers=forged).status_code == 200
