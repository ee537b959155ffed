"""Messages: post, list, show, edit, delete."""

from collections.abc import Sequence
from typing import Any, cast

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from api.deferred import Finish, deferrable
from api.etags import etag, is_known
from api.pagination import ChangesPagination, Read, Row
from api.queries import ID, LARGEST, number
from api.serializers import MessageSerializer, MessagesSerializer
from chat import actions, moderation
from chat.models import Message, MessageQuerySet, User, timestamp

DAY = 24 * 60 * 60  # seconds
PAGE = 50  # messages of older history, unless `limit` says otherwise
LARGEST_PAGE = 200
WRITES = ("create", "update", "partial_update", "destroy")


class MessageViewSet(GenericViewSet):
    """Messages of the chat.

    A client that has a token should send it, also where none is needed: it says who is online.
    """

    queryset = Message.objects.all()
    serializer_class = MessageSerializer
    lookup_value_regex = ID
    pagination_class = ChangesPagination

    def get_permissions(self) -> list[Any]:
        """Require a token to write."""
        return [IsAuthenticated()] if self.action in WRITES else [AllowAny()]

    def create(self, request: Request) -> Response:
        """Post a message."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        key = request.headers.get("Idempotency-Key")
        return new_message(request, key=key, **serializer.validated_data)

    @extend_schema(operation_id="messages_list", responses=MessagesSerializer)
    def list(self, request: Request) -> Response:
        """List the messages of the last day, at most 1,000.

        Messages that changed last come last. With `updated_since` these are the first later ones,
        and a `Link` leads to the next. `before` and `after` list messages of any age by id instead,
        oldest first. `q` searches messages of any age, newest first.
        """
        page, newest_first = find(request)
        if "If-None-Match" in request.headers:
            tag = etag(
                request, self.read(page, newest_first, lambda rows: rows.values("id", "updated_at"))
            )
            if tag and is_known(request, tag):
                return Response(status=304, headers={"ETag": tag})
        found = self.read(page, newest_first, MessageQuerySet.to_dicts)
        response = self.get_paginated_response({"messages": found})
        if tag := etag(request, found):
            response["ETag"] = tag
        return response

    def read(self, page: MessageQuerySet, newest_first: bool, read: Read) -> Sequence[Row]:
        """Return the rows of a page, in the order in which they are listed."""
        paginator = cast("ChangesPagination", self.paginator)
        if not page.query.is_sliced:
            return paginator.bounded(page, self.request, read)
        paginator.request = self.request
        return read(page)[::-1] if newest_first else read(page)

    def retrieve(self, request: Request, pk: str) -> Response:
        """Show a message."""
        return Response(get_object_or_404(Message, pk=pk).to_dict())

    @extend_schema(request=MessageSerializer(partial=True), responses={204: None})
    def update(self, request: Request, pk: str) -> Response:
        """Edit your own message."""
        serializer = self.get_serializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        return changed_message(request, message_id=int(pk), **serializer.validated_data)

    # A PUT may leave fields out, as in Flask, so that both methods do the same.
    partial_update = update

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete your own message, or any message as an operator."""
        message = get_object_or_404(Message, pk=pk)
        assert isinstance(request.user, User)
        address = request.META.get("REMOTE_ADDR", "")
        moderation.delete_message(editor=request.user, message=message, address=address)
        return Response(status=204)


def find(request: Request) -> tuple[MessageQuerySet, bool]:
    """Return the messages that a request lists, and True if they are to be reversed."""
    messages = Message.objects.all()
    if (user_id := number(request, "user_id")) is not None:
        messages = messages.filter(user_id=user_id)
    limit, since = number(request, "limit", least=1), number(request, "updated_since", 0)
    before, after = number(request, "before"), number(request, "after")
    query = request.query_params.get("q")
    if query is None and before is None and after is None:
        messages = messages.updated_since(max(since, timestamp() - DAY))
        if limit is None:
            return messages, False
        return messages.reverse()[: min(limit, LARGEST_PAGE)], True
    limit = min(limit or PAGE, LARGEST_PAGE)
    messages = messages.filter(updated_at__gt=since)
    if after is not None:
        messages = messages.filter(pk__gt=after)
    if query is not None:
        return messages.search(query, LARGEST if before is None else before)[:limit], False
    if before is None:
        return messages.order_by("id")[:limit], False
    return messages.filter(pk__lt=before).order_by("-id")[:limit], True


@deferrable(admit=actions.admit_post)
def new_message(author: User, *, source: str, key: str | None = None) -> Finish:
    """Post a message."""
    post = actions.prepare_post(author=author, source=source, key=key)

    def finish() -> Response:
        message = post()
        location = {"Location": f"/api/messages/{message.pk}"}
        return Response(message.to_dict(), status=201, headers=location)

    return finish


@deferrable(admit=actions.admit_post)
def changed_message(editor: User, *, message_id: int, source: str | None = None) -> Finish:
    """Edit a message."""
    message = get_object_or_404(Message, pk=message_id)
    edit = actions.prepare_edit(editor=editor, message=message, source=source)

    def finish() -> Response:
        edit()
        return Response(status=204)

    return finish
