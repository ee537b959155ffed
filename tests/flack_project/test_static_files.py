"""Tests of flack_project/static_files.py."""

import pytest
from django.http import HttpResponseNotFound

from flack_project.static_files import WHOLE, StaticFilesMiddleware

pytestmark = pytest.mark.django_db  # the end of a response looks at the connection


@pytest.fixture
def script(tmp_path):
    """A static file that exists when the process starts."""
    path = tmp_path / "script.js"
    path.write_text("old")
    return path


@pytest.fixture
def get(settings, script, rf):
    """A function that requests the file, and returns the response and its body."""
    settings.WHITENOISE_AUTOREFRESH = False  # as in production
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATICFILES_DIRS = [script.parent]
    middleware = StaticFilesMiddleware(lambda request: HttpResponseNotFound())

    def get(**headers):
        response = middleware(rf.get("/static/script.js", headers=headers))
        body = response.getvalue()
        response.close()
        return response, body

    return get


@pytest.mark.parametrize("content", [b"new and longer", b"n"])
def test_a_file_that_an_upgrade_replaces_is_sent_whole(get, script, content):
    before, body = get()
    assert body == b"old"
    script.write_bytes(content)
    after, body = get(if_none_match=before["ETag"])
    assert (body, after["Content-Length"]) == (content, str(len(content)))
    assert after["ETag"] != before["ETag"]
    assert get(if_none_match=after["ETag"])[0].status_code == 304


def test_a_file_that_an_upgrade_removes_is_a_404_until_it_is_back(get, script):
    script.unlink()
    assert get()[0].status_code == 404
    script.write_text("new")
    assert get()[1] == b"new"


@pytest.mark.parametrize("size", [3, WHOLE, WHOLE + 1])
def test_only_a_large_file_is_streamed(get, script, size):
    script.write_bytes(b"x" * size)
    response, body = get()
    assert (len(body), response["Content-Length"]) == (size, str(size))
    assert response.streaming is (size > WHOLE)


def test_a_part_of_a_file_is_sent_and_nothing_of_one_that_is_known(get):
    part, body = get(range="bytes=1-")
    assert (part.status_code, body, part["Content-Range"]) == (206, b"ld", "bytes 1-2/3")
    known, body = get(if_none_match=part["ETag"])
    assert (known.status_code, body, known.streaming) == (304, b"", False)
