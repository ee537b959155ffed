"""Tests of api/base.py: what it leaves out changes no response."""

import pytest
from rest_framework.request import Request
from rest_framework.views import APIView

from api.base import ACCEPTS_JSON
from api.users import UserViewSet

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("accept", [*sorted(ACCEPTS_JSON), None])
def test_the_common_accept_headers_choose_what_drf_chooses(rf, accept):
    headers = {} if accept is None else {"Accept": accept}
    view = UserViewSet(format_kwarg=None)
    request = Request(rf.get("/api/users", headers=headers))
    chosen, media_type = view.perform_content_negotiation(request)
    usual, usual_type = APIView.perform_content_negotiation(view, request)
    assert (type(chosen), media_type) == (type(usual), usual_type)


def test_each_path_allows_its_own_methods(call, alice):
    allowed = {
        path: call("GET", path.format(alice.pk))["Allow"]
        for path in ("/api", "/api/users", "/api/users/{}", "/api/messages", "/api/tokens")
    }
    assert allowed == {
        "/api": "GET, HEAD, OPTIONS",
        "/api/users": "GET, POST, HEAD, OPTIONS",
        "/api/users/{}": "GET, PUT, PATCH, HEAD, OPTIONS",
        "/api/messages": "GET, POST, HEAD, OPTIONS",
        "/api/tokens": "POST, DELETE, OPTIONS",
    }


def test_the_headers_of_one_response_do_not_reach_the_next(call):
    first = call("GET", "/api/users", headers={"Accept": "text/html"})
    again = call("GET", "/api/users")
    assert first["Vary"] == again["Vary"] == "Accept, Cookie"


def test_the_input_of_one_request_does_not_reach_the_next(call, alice):
    call("PUT", f"/api/users/{alice.pk}", {"nickname": "Alix"}, token=alice.token)
    assert call("PUT", f"/api/users/{alice.pk}", {}, token=alice.token).status_code == 204
    missing = call("POST", "/api/users", {"nickname": "Zoe"}).json()["fields"]
    assert list(missing) == ["password"]
