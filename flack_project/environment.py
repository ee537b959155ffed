"""Readers of environment variables. An invalid value ends the process with one sentence.

They exit instead of raising ImproperlyConfigured, so that each server, worker and command prints
the sentence without a traceback. Secrets, and URLs with passwords, are not printed.
"""

import os
import re
import sys
from pathlib import Path
from typing import Any, NoReturn

import environ

from flack_project import redis_urls

HOST = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]"
PORT = r"(?::(?P<port>\d{1,5}))?"
ALLOWED_HOST = rf"\*|\.?(?:{HOST})"  # as Django compares them
ORIGIN = rf"https?://(?:\*\.)?(?:{HOST}){PORT}"
ADDRESS = rf"https?://(?:{HOST}){PORT}/?"
HOST_AND_PORT = r"[a-z0-9.-]*[a-z0-9]:(?P<port>\d{1,5})"

ON, OFF = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
MIN_SECRET = 32  # characters


def reject(name: str, form: str, value: str | None = None) -> NoReturn:
    """Exit with a sentence about an invalid variable."""
    sys.exit(f"{name} must be {form}{'' if value is None else f', not {value[:60]!r}'}.")


def text(name: str, default: str = "") -> str:
    """Return a variable, or the content of the file that `name`_FILE names.

    An empty variable counts as not set.
    """
    path = os.environ.get(f"{name}_FILE")
    try:
        value = Path(path).read_text("utf-8") if path else os.environ.get(name, "")
    except (OSError, ValueError):
        reject(f"{name}_FILE", "the path of a text file that can be read", path)
    return value.strip() or default


def flag(name: str, *, default: bool) -> bool:
    """Return a boolean."""
    value = text(name, ON[0] if default else OFF[0])
    if value.lower() not in ON + OFF:
        reject(name, "1 or 0", value)
    return value.lower() in ON


def whole_number(name: str, default: int, lowest: int, highest: int) -> int:
    """Return a number from `lowest` to `highest`."""
    value = text(name, str(default))
    if not re.fullmatch(r"\d{1,9}", value, re.ASCII) or not lowest <= int(value) <= highest:
        reject(name, f"a whole number from {lowest} to {highest}", value)
    return int(value)


def choice(name: str, choices: tuple[str, ...]) -> str:
    """Return one of `choices` in upper case, or an empty string."""
    value = text(name).upper()
    if value and value not in choices:
        reject(name, f"one of {', '.join(choices)}", value)
    return value


def matching(name: str, pattern: str, form: str, default: str) -> str:
    """Return a text in lower case that matches a pattern; a group `port` must be a TCP port."""
    return _match(name, pattern, form, text(name, default))


def matching_list(name: str, pattern: str, form: str, default: str = "") -> list[str]:
    """Return the texts between commas, in lower case; each matches as in `matching`."""
    values = (value.strip() for value in text(name, default).split(","))
    return [_match(name, pattern, form, value) for value in values if value]


def _match(name: str, pattern: str, form: str, value: str) -> str:
    found = re.fullmatch(pattern, value, re.ASCII | re.IGNORECASE)
    port = found and found.groupdict().get("port")
    if not found or (port and not 0 < int(port) < 2**16):
        reject(name, form, value)
    return value.lower()


def secret(name: str, default: str = "") -> str:
    """Return a text that is too long to be guessed."""
    value = text(name)
    if not value and default:
        return default
    if len(value) < MIN_SECRET or len(set(value)) < 5 or not value.isprintable():
        reject(name, f"{MIN_SECRET} or more random characters, as `openssl rand -hex 32` prints")
    return value


def folder(name: str, default: str = "") -> str:
    """Create a folder unless it exists, and return its path; do nothing if there is no path."""
    path = text(name, default)
    try:
        if path:
            os.makedirs(path, exist_ok=True)
    except OSError as error:
        reject(name, f"a folder that Flack can use ({error.strerror})", path)
    return path


def redis_url(name: str) -> str:
    """Return the URL of a Redis server, or an empty string."""
    url = text(name)
    try:
        if url:
            redis_urls.check(url)
    except ValueError:
        forms = "redis://HOST:PORT/NUMBER, rediss://HOST:PORT/NUMBER or unix:///PATH?db=NUMBER"
        reject(name, f"{forms}, without other options than those of TLS, such as ssl_ca_certs")
    return url


def database(name: str, default: Path) -> dict[str, Any]:
    """Return a database for Django's DATABASES, by its URL; without one, the SQLite file."""
    url = text(name)
    if not url:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(default)}
    try:
        if not re.match(r"postgres(ql)?://[^/]*/|sqlite:///[^?]|sqlite://:memory:\Z", url):
            raise ValueError
        found = dict(environ.Env.db_url_config(url))
        if not found["NAME"]:
            raise ValueError
        return found
    except ValueError:
        reject(name, "postgres://USER:PASSWORD@HOST:PORT/NAME or sqlite:////PATH")
