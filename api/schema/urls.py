"""The URLs of the documents; the page's, at `/api/schema/`, ends in a slash to be their folder."""

from django.urls import path

from api.schema import views

urlpatterns = [
    path("", views.get_page, name="schema"),
    path("openapi.json", views.get_openapi, name="openapi"),
    path("asyncapi.json", views.get_asyncapi, name="asyncapi"),
]
