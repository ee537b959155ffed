"""The endpoints, described from outside, so that the views stay as short as they are.

A view that nobody describes here is a warning of `manage.py spectacular`, and so an error of
`make lint`.
"""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiViewExtension
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.permissions import AllowAny

from api.schema import examples
from api.schema import parameters as p
from api.schema.hooks import ERRORS
from api.serializers import (
    DeletionsSerializer,
    ErrorSerializer,
    MessageSerializer,
    MessagesSerializer,
    RootSerializer,
    TokenSerializer,
    UserSerializer,
    UsersSerializer,
)

DONE = OpenApiResponse(description="Done; there is no body.")
ACCEPTED = OpenApiResponse(description="A worker will answer; `Location` says where.")


def operation(
    summary: str,
    responses: dict[int, Any],
    *parameters: Any,
    errors: tuple[int, ...] = (),
    takes: Any = None,
    examples: Any = (),
    **options: Any,
) -> Any:
    """Describe an operation: requests and responses are serializers, errors are statuses."""
    return extend_schema(
        summary=summary,
        request=takes,
        responses={
            **{
                status: OpenApiResponse(given, given.__doc__ or "")
                if isinstance(given, type)
                else given
                for status, given in responses.items()
            },
            **{status: OpenApiResponse(ErrorSerializer, ERRORS[status]) for status in errors},
        },
        parameters=list(parameters),
        examples=list(examples),
        **options,
    )


class View(OpenApiViewExtension):
    """A view whose `operations` are described by the names of its methods."""

    operations: dict[str, Any] = {}

    def view_replacement(self) -> type:
        """Return the view with its description."""

        class Described(self.target_class):  # type: ignore[name-defined]
            def get_permissions(self) -> list[Any]:
                """Say it when there are none."""
                return super().get_permissions() or [AllowAny()]

        return extend_schema_view(**self.operations)(Described)


class Users(View):
    """`/api/users`."""

    target_class = "api.users.UserViewSet"
    operations = {
        "create": operation(
            "Register",
            {201: UserSerializer},
            p.LOCATION,
            takes=UserSerializer,
            errors=(400, 401, 413, 429),
            examples=examples.REGISTER,
        ),
        "list": operation(
            "List users",
            {200: UsersSerializer},
            p.ONLINE,
            p.USERS_SINCE,
            errors=(400, 401),
            examples=examples.USERS,
            operation_id="users_list",
        ),
        "retrieve": operation(
            "Show a user",
            {200: UserSerializer},
            p.path_id(susan=1, nobody=99),
            errors=(401, 404),
            examples=examples.USER,
        ),
        "update": operation(
            "Change oneself",
            {204: DONE},
            p.path_id(a_new_nickname=1, a_new_password=1, another_user=2),
            takes=UserSerializer(partial=True),
            errors=(400, 401, 403, 404, 413, 429),
            examples=examples.CHANGE_USER,
        ),
        "partial_update": operation(
            "Change oneself",
            {204: DONE},
            p.path_id(a_new_nickname=1, a_new_password=1, another_user=2),
            takes=UserSerializer(partial=True),
            errors=(400, 401, 403, 404, 413, 429),
            examples=examples.CHANGE_USER,
        ),
    }


class Tokens(View):
    """`/api/tokens`."""

    target_class = "api.tokens.TokenViewSet"
    operations = {
        "create": operation(
            "Sign in", {200: TokenSerializer}, errors=(401, 429), examples=examples.SIGN_IN
        ),
        "destroy": operation("Sign out", {204: DONE}, errors=(401,)),
    }


class Messages(View):
    """`/api/messages`."""

    target_class = "api.messages.MessageViewSet"
    operations = {
        "create": operation(
            "Post a message",
            {201: MessageSerializer, 202: ACCEPTED},
            *(p.KEY, p.PREFER, p.LOCATION, p.TASK_LOCATION, p.PREFERENCE_APPLIED),
            takes=MessageSerializer,
            errors=(400, 401, 403, 413, 429),
            examples=examples.POST,
        ),
        "list": operation(
            "List messages",
            {200: MessagesSerializer, 304: OpenApiResponse(description="Nothing changed.")},
            *(p.MESSAGES_SINCE, p.WRITTEN_BY, p.LIMIT, p.BEFORE, p.IF_NONE_MATCH, p.ETAG),
            errors=(400, 401),
            examples=examples.MESSAGES,
            operation_id="messages_list",
        ),
        "retrieve": operation(
            "Show a message",
            {200: MessageSerializer},
            p.path_id(a_message=1, no_message=99),
            errors=(401, 404),
            examples=examples.MESSAGE,
        ),
        "update": operation(
            "Edit a message",
            {204: DONE, 202: ACCEPTED},
            p.path_id(own_message=1, a_message_of_another=2, a_message_for_the_worker=1),
            *(p.PREFER, p.TASK_LOCATION, p.PREFERENCE_APPLIED),
            takes=MessageSerializer(partial=True),
            errors=(400, 401, 403, 404, 413, 429),
            examples=examples.EDIT,
        ),
        "partial_update": operation(
            "Edit a message",
            {204: DONE, 202: ACCEPTED},
            p.path_id(own_message=1, a_message_of_another=2, a_message_for_the_worker=1),
            *(p.PREFER, p.TASK_LOCATION, p.PREFERENCE_APPLIED),
            takes=MessageSerializer(partial=True),
            errors=(400, 401, 403, 404, 413, 429),
            examples=examples.EDIT,
        ),
    }


class Deletions(View):
    """`/api/deletions`."""

    target_class = "api.deletions.DeletionViewSet"
    operations = {
        "list": operation(
            "List deletions",
            {200: DeletionsSerializer},
            p.DELETIONS_SINCE,
            errors=(400, 401),
            examples=examples.DELETIONS,
            operation_id="deletions_list",
        )
    }


class Tasks(View):
    """`/tasks/status/ID`."""

    target_class = "api.deferred.TaskStatusView"
    operations = {
        "get": operation(
            "Ask for a deferred answer",
            {201: MessageSerializer, 202: ACCEPTED, 204: DONE},
            *(p.TASK_ID, p.LOCATION, p.TASK_LOCATION),
            errors=(400, 403, 404, 500),
        )
    }


class Root(View):
    """`/api`."""

    target_class = "api.views.FlackView"
    operations = {
        "get": operation(
            "List the resources",
            {200: RootSerializer},
            errors=(401,),
            examples=examples.ROOT,
            tags=["service"],
        )
    }


class BearerScheme(OpenApiAuthenticationExtension):
    """`Authorization: Bearer T`."""

    target_class = "api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return how it is sent."""
        text = "Of `POST /api/tokens`. Send it also where none is needed: it says who is online."
        return {"type": "http", "scheme": "bearer", "description": text}


class BasicScheme(OpenApiAuthenticationExtension):
    """`Authorization: Basic`."""

    target_class = "api.authentication.BasicAuthentication"
    name = "password"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return how it is sent."""
        text = "Nickname and password, to sign in and nowhere else."
        return {"type": "http", "scheme": "basic", "description": text}
