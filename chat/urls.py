"""URLs of the page, the statistics and the health checks."""

from django.urls import path

from chat import views

urlpatterns = [
    path("", views.index, name="index"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("stats", views.get_stats, name="stats"),
    path("healthz", views.healthz, name="healthz"),
    path("metrics", views.get_metrics, name="metrics"),
    path("readyz", views.readyz, name="readyz"),
]
