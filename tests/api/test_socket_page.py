"""Tests of api/socket_page.py: the page shows each frame of the AsyncAPI document."""

import json
import re
from html import unescape

import pytest
from django.utils.html import strip_tags

from api import socket_page
from api.schema import asyncapi


@pytest.fixture
def sections(client):
    """The HTML of each frame, by its name."""
    page = client.get("/api/schema/socket").content.decode()
    return dict(re.findall(r'<section class="frame" id="(\w+)"(.*?)</section>', page, re.S))


def test_each_frame_has_a_section_with_its_example(sections):
    messages = asyncapi.document()["components"]["messages"]
    assert list(sections) == list(messages)
    for name, message in messages.items():
        example = re.search(r"<pre[^>]*>(.*?)</pre>", sections[name], re.S)[1]
        assert json.loads(unescape(strip_tags(example))) == message["examples"][0]["payload"]


def test_each_field_has_a_row_that_marks_it_if_it_is_optional(sections):
    rows = {
        name: re.findall(r"<code>([\w.]+)</code></th>\s*<td>(.*?)</td>", section)
        for name, section in sections.items()
    }
    assert [field for field, _ in rows["post_message"]] == [
        *("event", "data", "data.source", "token", "ref"),
    ]
    optional = [field for field, kind in rows["post_message"] if kind.endswith("optional")]
    assert optional == ["token", "ref"]
    assert ("data.source", "string of at most 10,000 characters") in rows["post_message"]
    assert ("data.class", "one of &quot;User&quot;, &quot;Message&quot;") in rows["deleted_model"]
    for name, message in asyncapi.document()["components"]["messages"].items():
        assert {*message["payload"]["properties"]} <= {field for field, _ in rows[name]}


def test_a_frame_leads_to_its_replies(sections):
    assert re.findall('href="#(\\w+)"', sections["post_message"]) == ["ack", "error"]


def test_every_code_of_an_error_is_explained(sections):
    for code in asyncapi.document()["components"]["schemas"]["Error"]["properties"]["code"]["enum"]:
        assert f"<code>{code}</code>" in sections["error"]


def test_a_reference_is_followed_to_its_end():
    document = {"a": {"$ref": "#/b/c"}, "b": {"c": {"type": "null"}}}
    assert socket_page.resolved({"$ref": "#/a"}, document) == ("c", {"type": "null"})
    assert socket_page.resolved({"type": "string"}, document) == ("", {"type": "string"})
