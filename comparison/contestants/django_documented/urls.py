"""The URLs of the contract."""

from django.urls import path
from django.views.generic import TemplateView

from comparison.contestants.django_documented import stats, views

LIST = {"get": "list", "post": "create"}
DETAIL = {"get": "retrieve", "put": "update"}

urlpatterns = [
    path("", TemplateView.as_view(template_name="index.html")),
    path("stats", stats.get_stats),
    path("api/users", views.UserViewSet.as_view(LIST)),
    path("api/users/<int:pk>", views.UserViewSet.as_view(DETAIL)),
    path("api/tokens", views.TokenView.as_view()),
    path("api/messages", views.MessageViewSet.as_view(LIST)),
    path("api/messages/<int:pk>", views.MessageViewSet.as_view(DETAIL)),
    path("tasks/status/<str:task_id>", views.TaskView.as_view()),
]
