"""The calls that replace a default of Django, DRF or a library, each beside that default.

`python -m comparison.bench.overrides` measures them, in a database without other rows.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import count
from unittest.mock import patch

from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.base import BaseHandler
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, transaction
from django.db.backends.postgresql.base import DatabaseWrapper
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import resolve
from rest_framework import parsers, renderers, views

from api.base import APIView
from api.message_lists import CHANGES, MessageList, select
from api.messages import MessageViewSet
from api.parsers import JSONParser
from api.renderers import JSONRenderer
from api.serializers import MessageSerializer
from chat.content import markup
from chat.models import Message, Token, User, messages
from chat.models.tokens import USER_OF_DIGEST
from flack_project.daphne.handler import match_of
from flack_project.middleware import AdminMessageMiddleware

MESSAGES = 100
TOKEN, KEY = "a" * 64, "b" * 36
DIGEST = Token.digest_of(TOKEN)
BODY = b'{"source": "hello *world*!"}'
PLAIN = "Hello world, how are you?"
DEFAULTS = ("get_parsers", "get_authenticators", "perform_content_negotiation",
            "default_response_headers")  # fmt: skip

Row = tuple[str, str, Callable[[], object]]


def rows() -> Iterator[Row]:
    """Create a user with `MESSAGES` messages; return what is called, the variant and the call."""
    user = User.objects.create(nickname="susan")
    Token.objects.create(digest=DIGEST, user=user)
    for _ in range(MESSAGES):
        user.messages.create(source="hello *world*!", html="hello <em>world</em>!")
    yield from requests(user)
    yield from queries(user)
    yield from lists()
    yield from markdown()


def requests(user: User) -> Iterator[Row]:
    """Return whole requests, and the steps of one."""
    handler, factory = handler_and_factory()
    default = {name: getattr(views.APIView, name) for name in DEFAULTS}

    def show() -> None:
        assert handler.get_response(factory.get(f"/api/users/{user.pk}")).status_code == 200

    def show_by_default() -> None:
        with patch.multiple(APIView, **default):
            show()

    view = MessageViewSet(action_map={"post": "create"}, format_kwarg=None)
    request = view.initialize_request(
        factory.post("/api/messages", BODY, content_type="application/json")
    )
    data = request.data
    yield "GET user with token", "api.base", show
    yield "GET user with token", "DRF's APIView", show_by_default
    path = f"/api/users/{user.pk}"
    yield "view of a path", "match_of", lambda: match_of(path)
    yield "view of a path", "resolve()", lambda: resolve(path)
    yield "input of a post", "api.base", lambda: view.validated(request)
    yield (
        "input of a post",
        "a serializer of its own",
        lambda: MessageSerializer(data=data).is_valid(raise_exception=True),
    )
    yield "JSON of a post", "orjson", lambda: JSONParser().parse(io.BytesIO(BODY))
    yield "JSON of a post", "DRF", lambda: parsers.JSONParser().parse(io.BytesIO(BODY), None, {})
    empty = RequestFactory().get("/api/messages")
    empty.session = SessionStore()
    what = "middleware of messages"
    yield what, "Flack", partial(AdminMessageMiddleware(answer), empty)
    yield what, "Django", partial(MessageMiddleware(answer), empty)


def handler_and_factory() -> tuple[BaseHandler, RequestFactory]:
    """Return Django's handler with its middleware, and a maker of requests with the token."""
    handler = BaseHandler()
    handler.load_middleware()
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "*/*"}
    return handler, RequestFactory(SERVER_NAME="localhost", headers=headers)


def answer(_: HttpRequest) -> HttpResponse:
    """Return a response without a page."""
    return HttpResponse(b"{}", content_type="application/json")


def queries(user: User) -> Iterator[Row]:
    """Return the statements of almost every request."""
    valid = {"tokens__digest": DIGEST, "tokens__created_at__gt": 0, "is_active": True}
    yield "user of a token", "Token.user_of", lambda: Token.user_of(DIGEST)
    yield "user of a token", "raw()", lambda: User.objects.raw(USER_OF_DIGEST, [DIGEST, 0])[0]
    yield "user of a token", "queryset", lambda: User.objects.get(**valid)
    posts = Message.objects
    yield "post with a new key", "posted()", lambda: posts.posted(user.pk, KEY)
    yield "post with a new key", "queryset", lambda: posts.filter(user=user, key=KEY).first()
    keys = map(str, count())

    def message() -> Message:
        return Message(user=user, source="hello", html="hello", key=next(keys))

    def save() -> None:
        with suppress(IntegrityError), transaction.atomic():
            message().save(force_insert=True)

    yield "new message", "insert()", lambda: message().insert()
    yield "new message", "save() in atomic()", save
    database = connections[DEFAULT_DB_ALIAS]
    if isinstance(database, DatabaseWrapper):
        default_check = partial(DatabaseWrapper.is_usable, database)
        yield "check of a connection", "Flack", database.is_usable
        yield "check of a connection", "Django", default_check


def commits() -> Iterator[Row]:
    """Return inserts of a message and whole posts, each to be measured with its commit."""
    author = User.objects.create(nickname="anna")
    handler, factory = handler_and_factory()

    def insert() -> None:
        Message(user=author, source="hello *world*!", html="hello <em>world</em>!").insert()

    def post() -> None:
        request = factory.post("/api/messages", BODY, content_type="application/json")
        assert handler.get_response(request).status_code == 201

    for what, call in (("insert and commit", insert), ("POST message and commit", post)):
        yield what, "with words for the search", call
        yield what, "without", partial(without_words, call)


def without_words(call: Callable[[], None]) -> None:
    """Call what stores a message without its words."""
    with patch.object(messages, "indexed", lambda _: None):
        call()


def lists() -> Iterator[Row]:
    """Return the reads of a list of messages, and its JSON."""
    newest = select(CHANGES, since=0).reverse()[:MESSAGES]
    listed = MessageList({"since": 0}, CHANGES, MESSAGES, reverse=True)
    data = {"messages": newest.all().to_dicts()}
    drf = renderers.JSONRenderer()
    what = f"list of {MESSAGES}"
    yield what, "SQL that is built once", listed.read
    yield what, "to_dicts()", lambda: newest.all().to_dicts()
    yield what, "serializer", lambda: MessageSerializer(newest.all(), many=True).data
    yield what, "summary for its tag", listed.summary
    yield f"JSON of {MESSAGES}", "orjson", lambda: JSONRenderer().render(data)
    yield f"JSON of {MESSAGES}", "DRF", lambda: drf.render(data, "application/json", {})


def markdown() -> Iterator[Row]:
    """Return the html of a message without markup."""
    yield "plain message", "render()", lambda: markup.render(PLAIN)
    yield "plain message", "parser", lambda: markup.render_markdown(PLAIN)
