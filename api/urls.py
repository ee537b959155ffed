"""The API's URLs. None ends in a slash but the one of the schema's page, which is also a folder."""

from django.urls import include, path, re_path
from rest_framework.routers import Route, SimpleRouter

from api import views
from api.deletions import DeletionViewSet
from api.messages import MessageViewSet
from api.task_status import TaskStatusView
from api.tokens import TokenViewSet
from api.users import UserViewSet
from chat.views import redirect_to


class Router(SimpleRouter):
    """Routes DELETE of a list's path too, to `revoke` of a viewset that has it."""

    routes = [
        Route(
            url="^{prefix}{trailing_slash}$",
            mapping={"get": "list", "post": "create", "delete": "revoke"},
            name="{basename}-list",
            detail=False,
            initkwargs={"suffix": "List"},
        ),
        *SimpleRouter.routes[1:],
    ]


router = Router(trailing_slash=False)
router.register("users", UserViewSet)
router.register("tokens", TokenViewSet)
router.register("messages", MessageViewSet)
router.register("deletions", DeletionViewSet)

urlpatterns = [
    path("api/", redirect_to("/api")),
    path("api/schema", redirect_to("/api/schema/")),
    path("api/schema/", views.get_schema, name="schema"),
    path("api/schema/socket", views.get_socket, name="socket"),
    path("api/schema/openapi.json", views.get_openapi, name="openapi"),
    path("api/schema/asyncapi.json", views.get_asyncapi, name="asyncapi"),
    path("api", views.FlackView.as_view(), name="api"),
    path("api/", include(router.urls)),
    path("tasks/status/<uuid:task_id>", TaskStatusView.as_view(), name="task-status"),
    re_path("^(?:api|tasks)/", views.not_found),
]
