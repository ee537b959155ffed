"""The API's URLs. None ends in a slash."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from api.deferred import TaskStatusView
from api.deletions import DeletionViewSet
from api.messages import MessageViewSet
from api.tokens import TokenViewSet
from api.users import UserViewSet
from api.views import FlackView, not_found

router = SimpleRouter(trailing_slash=False)
router.register("users", UserViewSet)
router.register("messages", MessageViewSet)
router.register("deletions", DeletionViewSet)

urlpatterns = [
    path("api/schema/", include("api.schema.urls")),
    path("api", FlackView.as_view(), name="api"),
    path("api/", include(router.urls)),
    path(
        "api/tokens", TokenViewSet.as_view({"post": "create", "delete": "destroy"}), name="tokens"
    ),
    path("tasks/status/<uuid:task_id>", TaskStatusView.as_view(), name="task-status"),
    re_path("^(?:api|tasks)/", not_found),
]
