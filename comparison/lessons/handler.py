"""HTTP by Django's own ASGI handler. Compare `flack_project/daphne/handler.py`."""

from django.core.asgi import get_asgi_application

from flack_project import asgi

application = type(asgi.application)(
    asgi.application.application_mapping | {"http": get_asgi_application()}
)
