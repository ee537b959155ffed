"""Users: register, list, show, change."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from api.base import GenericViewSet
from api.pagination import ChangesPagination
from api.queries import ID, IDS, SINCE
from api.serializers import MeSerializer, UserSerializer, UsersSerializer
from chat import actions
from chat.models import User


class UserViewSet(GenericViewSet):
    """Users of the chat.

    A client that has a token should send it with every request: that marks its user as online.
    """

    queryset = User.objects.all()
    serializer_class = UserSerializer
    lookup_value_regex = ID
    pagination_class = ChangesPagination

    def get_permissions(self) -> list[Any]:
        """Require a token to change a user, and for `me`."""
        closed = self.action in ("update", "partial_update", "me")
        return [IsAuthenticated()] if closed else [AllowAny()]

    def create(self, request: Request) -> Response:
        """Register a new user."""
        given = self.validated(request)
        address = request.META.get("REMOTE_ADDR", "")
        user = actions.register(address=address, **given)
        return Response(user.to_dict(), status=201, headers={"Location": f"/api/users/{user.pk}"})

    @extend_schema(operation_id="users_list", responses=UsersSerializer)
    def list(self, request: Request) -> Response:
        """List users by the time of their last change, at most 1,000.

        With `updated_since` these are the first later ones, and a `Link` leads to the next.
        """
        users = User.objects.order_by("updated_at", "nickname")
        if online := request.query_params.get("online"):
            users = users.filter(online=online != "0")
        if request.query_params.get("updated_since"):
            users = users.filter(updated_at__gt=SINCE.number(request))
        if (nickname := request.query_params.get("nickname")) is not None:
            users &= actions.find_look_alikes(nickname)
        if (ids := IDS.ids(request)) is not None:
            users = users.filter(pk__in=ids)
        return self.get_paginated_response({"users": self.paginate_queryset(users)})

    def retrieve(self, request: Request, pk: str) -> Response:
        """Show a user."""
        user = request.user  # already read for the client's own id
        if int(pk) != user.pk:
            user = get_object_or_404(User, pk=pk)
        return Response(user.to_dict())

    @extend_schema(responses=MeSerializer)
    @action(detail=False)
    def me(self, request: Request) -> Response:
        """Show the user that owns the token, and what this user may do."""
        user = request.user
        assert isinstance(user, User)
        may = {"is_banned": user.is_banned, "is_staff": user.is_staff}
        return Response({**user.to_dict(), **may})

    @extend_schema(request=UserSerializer(partial=True), responses={204: None})
    def update(self, request: Request, pk: str) -> Response:
        """Change your own nickname or password.

        A new password ends all tokens.
        """
        user = get_object_or_404(User, pk=pk)
        changes = self.validated(request, partial=True)
        assert isinstance(request.user, User)
        actions.update_user(editor=request.user, user=user, **changes)
        return Response(status=204)

    # A PUT may leave fields out, as in Flask, so that both methods do the same.
    partial_update = update
