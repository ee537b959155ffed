"""Errors in the form of the contract."""

from typing import Any

from rest_framework import views
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.response import Response


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return DRF's response to an error, in the form of the contract."""
    response = views.exception_handler(error, context)
    if response is not None and response.status_code == 401:
        response.data = {"error": "authentication required"}
    if isinstance(error, UnsupportedMediaType):
        assert response is not None
        response.status_code = 400
    return response
