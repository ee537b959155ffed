"""The two representations, key for key."""

import re
import time
from html.parser import HTMLParser
from typing import Any

CLOCKS = 60  # seconds that the clocks of server and suite may differ


def assert_user(user: Any) -> None:
    """Fail unless this is a user as the contract shows one."""
    assert types_of(user) == {
        "id": int,
        "created_at": int,
        "updated_at": int,
        "nickname": str,
        "last_seen_at": int,
        "online": bool,
        "_links": dict,
    }
    assert user["_links"] == {
        "self": f"/api/users/{user['id']}",
        "messages": f"/api/messages?user_id={user['id']}",
        "tokens": "/api/tokens",
    }
    assert user["created_at"] <= min(user["updated_at"], user["last_seen_at"])
    assert max(user["updated_at"], user["last_seen_at"]) < time.time() + CLOCKS


def assert_message(message: Any) -> None:
    """Fail unless this is a message as the contract shows one."""
    edited_at = message.get("edited_at")  # not in Flask
    if edited_at is not None:
        assert message["created_at"] <= edited_at <= message["updated_at"]
    types = types_of(message)
    types.pop("edited_at", None)
    assert types == {
        "id": int,
        "created_at": int,
        "updated_at": int,
        "source": str,
        "html": str,
        "user_id": int,
        "_links": dict,
    }
    assert message["_links"] == {
        "self": f"/api/messages/{message['id']}",
        "user": f"/api/users/{message['user_id']}",
    }
    assert message["created_at"] <= message["updated_at"] < time.time() + CLOCKS


def assert_just_made(model: dict[str, Any]) -> None:
    """Fail unless its times are now, in whole Unix seconds."""
    assert abs(model["created_at"] - time.time()) < CLOCKS
    assert model["created_at"] <= model["updated_at"] <= model["created_at"] + CLOCKS


def types_of(model: dict[str, Any]) -> dict[str, type]:
    """Give the type of each value, by key."""
    return {key: type(value) for key, value in model.items()}


def assert_unauthorized(answer: Any) -> None:
    """Fail unless this is the contract's 401, which opens no browser's own prompt."""
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Authentication Required"'
    body = answer.json()
    assert body.pop("code", "authentication_required") == "authentication_required"  # not in Flask
    assert body == {"error": "authentication required"}


class Elements(HTMLParser):
    """The start tags of an html fragment, with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        """Parse the fragment."""
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep text."""
        self.text += data

    @property
    def names(self) -> list[str]:
        """The names of the tags, in order."""
        return [name for name, _ in self.tags]


def cards(html: str) -> list[str]:
    """Give the cards of expanded links that end a message's html."""
    return re.findall(r"<blockquote><p><a .*?</p></blockquote>", html, re.DOTALL)


def without_cards(html: str) -> str:
    """Give the html before its first card."""
    return html.split("<blockquote><p><a ")[0]
