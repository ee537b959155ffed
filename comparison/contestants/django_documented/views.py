"""The API, by DRF's viewsets."""

import secrets
from typing import Any

from celery import states
from celery.result import AsyncResult
from django.http import Http404
from rest_framework import mixins
from rest_framework.permissions import SAFE_METHODS, AllowAny, BasePermission, IsAuthenticated
from rest_framework.permissions import IsAuthenticatedOrReadOnly as ReadOnly
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from chat.models import Message, Token, User, timestamp
from comparison.contestants.django_documented import tasks
from comparison.contestants.django_documented.authentication import BasicAuthentication, seen
from comparison.contestants.django_documented.push import push_model
from comparison.contestants.django_documented.serializers import MessageSerializer, UserSerializer

DAY = 24 * 60 * 60  # seconds


class IsOwner(BasePermission):
    """Users change only themselves and their own messages."""

    def has_object_permission(self, request: Request, view: Any, instance: Any) -> bool:
        """Return True if the user may do this with a user or message."""
        owner = instance.pk if isinstance(instance, User) else instance.user_id
        return request.method in SAFE_METHODS or owner == request.user.pk


class FlackViewSet(
    mixins.CreateModelMixin, mixins.RetrieveModelMixin, mixins.UpdateModelMixin, GenericViewSet
):
    """What users and messages share: the form of lists, and 204 for changes."""

    permission_classes = [ReadOnly, IsOwner]
    kind: str

    def list(self, request: Request) -> Response:
        """Return the list."""
        serializer = self.get_serializer(self.filter_queryset(self.get_queryset()), many=True)
        return Response({self.kind: serializer.data})

    def get_success_headers(self, data: dict[str, Any]) -> dict[str, str]:
        """Return the Location of what was created."""
        return {"Location": data["_links"]["self"]}

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change the given fields."""
        super().update(request, *args, partial=True, **kwargs)
        return Response(status=204)


class UserViewSet(FlackViewSet):
    """Users."""

    queryset = User.objects.order_by("updated_at", "nickname")
    serializer_class = UserSerializer
    kind = "users"

    def get_permissions(self) -> list[Any]:
        """Let anyone register."""
        return [AllowAny()] if self.action == "create" else super().get_permissions()

    def filter_queryset(self, queryset: Any) -> Any:
        """Filter a list by `online` and `updated_since`."""
        online = self.request.GET.get("online") if self.action == "list" else None
        if online:
            queryset = queryset.filter(online=online != "0")
        if self.action == "list" and (since := self.request.GET.get("updated_since")):
            queryset = queryset.filter(updated_at__gt=int(since))
        return queryset


class TokenView(APIView):
    """Sign in and out."""

    permission_classes = [IsAuthenticated]

    def get_authenticators(self) -> list[Any]:
        """Ask for nickname and password to sign in."""
        basic = self.request is not None and self.request.method == "POST"
        return [BasicAuthentication()] if basic else super().get_authenticators()

    def post(self, request: Request) -> Response:
        """Sign in."""
        token = secrets.token_hex(32)
        Token.objects.create(digest=Token.digest_of(token), user=request.user)
        seen(request.user)
        return Response({"token": token})

    def delete(self, request: Request) -> Response:
        """Sign out."""
        Token.objects.filter(digest=request.auth).delete()
        return Response(status=204)


class MessageViewSet(FlackViewSet):
    """Messages."""

    queryset = Message.objects.order_by("updated_at", "id")
    serializer_class = MessageSerializer
    kind = "messages"

    def filter_queryset(self, queryset: Any) -> Any:
        """Filter a list by `updated_since`, at most a day back."""
        if self.action != "list":
            return queryset
        since = int(self.request.GET.get("updated_since", 0))
        return queryset.filter(updated_at__gt=max(since, timestamp() - DAY))

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Post a message; in a Celery worker if the client prefers that."""
        if request.headers.get("Prefer") != "respond-async":
            return super().create(request, *args, **kwargs)
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        task = tasks.post_later.delay(request.user.pk, request.data)
        return Response(status=202, headers={"Location": f"/tasks/status/{task.id}"})

    def perform_create(self, serializer: Any) -> None:
        """Save, push and expand a message."""
        tasks.save_message(serializer, self.request.user)
        push_model(serializer.instance)

    def perform_update(self, serializer: Any) -> None:
        """Save and push a message."""
        push_model(serializer.save())


class TaskView(APIView):
    """The status of a deferred post."""

    def get(self, request: Request, task_id: str) -> Response:
        """Return the finished response, or 202 while the task runs."""
        result = AsyncResult(task_id)
        if result.state == states.PENDING:
            raise Http404
        if not result.ready():
            return Response(status=202, headers={"Location": request.path})
        data = result.get()
        return Response(data, status=201, headers={"Location": data["_links"]["self"]})
