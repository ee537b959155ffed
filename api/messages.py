"""Messages: post, list, show, edit, delete."""

from collections.abc import Sequence
from typing import Any, cast

import orjson
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from orjson import Fragment
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from api.base import GenericViewSet
from api.deferred import Finish, deferrable
from api.etags import Summary, bodies, is_known
from api.message_lists import MessageList
from api.pagination import MessagePagination, Row
from api.queries import ID
from api.serializers import MessageSerializer, MessagesSerializer
from chat import actions, moderation
from chat.models import Message, User

WRITES = ("create", "update", "partial_update", "destroy")


class MessageViewSet(GenericViewSet):
    """Messages of the chat.

    A client that has a token should send it with every request: that marks its user as online.
    """

    queryset = Message.objects.all()
    serializer_class = MessageSerializer
    lookup_value_regex = ID
    pagination_class = MessagePagination

    def get_permissions(self) -> list[Any]:
        """Require a token to write."""
        return [IsAuthenticated()] if self.action in WRITES else [AllowAny()]

    def create(self, request: Request) -> Response:
        """Post a message."""
        given = self.validated(request)
        key = request.headers.get("Idempotency-Key")
        assert isinstance(request.user, User)
        if posted := actions.find_posted(author=request.user, key=key, **given):
            return created(posted)  # at once, also for a client that prefers a deferred answer
        return new_message(request, key=key, **given)

    @extend_schema(operation_id="messages_list", responses=MessagesSerializer)
    def list(self, request: Request) -> Response:
        """List the messages of the last day, at most 1,000.

        Messages that changed last come last. With `updated_since` these are the first later ones,
        and a `Link` leads to the next. `before` and `after` list messages of any age by id instead,
        oldest first. `q` searches messages of any age, newest first.
        """
        listed = MessageList.of(request)
        # The browsable page of the same list also shows which user is signed in.
        is_json = request.accepted_renderer.media_type == "application/json"
        url = request.get_full_path()
        if is_json and ("If-None-Match" in request.headers or url in bodies):
            summary = listed.summary()
            if summary and (tag := summary.tag()):
                if is_known(request, tag):
                    return Response(status=304, headers={"ETag": tag})
                if body := bodies.get(url, tag):
                    return Response(Fragment(body), headers={"ETag": tag})
        found = self.read(listed)
        response = self.get_paginated_response({"messages": found})
        is_continued = "Link" in response
        if is_json and (tag := Summary.of(found, is_continued=is_continued).tag()):
            if is_known(request, tag):
                return Response(status=304, headers={"ETag": tag})
            response["ETag"] = tag
            if not is_continued and listed.query is None:  # a search has no tag before it is read
                body = orjson.dumps(response.data)
                bodies.keep(url, tag, body)
                response.data = Fragment(body)
        return response

    def read(self, listed: MessageList) -> Sequence[Row]:
        """Return the rows of a list, in its order."""
        paginator = cast("MessagePagination", self.paginator)
        rows, end = listed.read()
        if listed.limit is None:
            return paginator.bounded(rows, self.request, end)
        paginator.request = self.request
        return rows[::-1] if listed.reverse else rows

    def retrieve(self, request: Request, pk: str) -> Response:
        """Show a message."""
        return Response(get_object_or_404(Message, pk=pk).to_dict())

    @extend_schema(request=MessageSerializer(partial=True), responses={204: None})
    def update(self, request: Request, pk: str) -> Response:
        """Edit your own message."""
        changes = self.validated(request, partial=True)
        return changed_message(request, message_id=int(pk), **changes)

    # A PUT may leave fields out, as in Flask, so that both methods do the same.
    partial_update = update

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete your own message, or any message as an operator."""
        message = get_object_or_404(Message, pk=pk)
        assert isinstance(request.user, User)
        address = request.META.get("REMOTE_ADDR", "")
        moderation.delete_message(editor=request.user, message=message, address=address)
        return Response(status=204)


@deferrable(admit=actions.admit_post)
def new_message(author: User, *, source: str, key: str | None = None) -> Finish:
    """Post a message."""
    post = actions.prepare_post(author=author, source=source, key=key)

    return lambda: created(post())


def created(message: Message) -> Response:
    """Return the answer to a post."""
    location = {"Location": f"/api/messages/{message.pk}"}
    return Response(message.to_dict(), status=201, headers=location)


@deferrable(admit=actions.admit_post)
def changed_message(editor: User, *, message_id: int, source: str | None = None) -> Finish:
    """Edit a message."""
    message = get_object_or_404(Message, pk=message_id)
    edit = actions.prepare_edit(editor=editor, message=message, source=source)

    def finish() -> Response:
        edit()
        return Response(status=204)

    return finish
