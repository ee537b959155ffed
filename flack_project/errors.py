"""Expected errors of views outside the API, such as the admin's and the sign-in form's."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from api.exceptions import exception_handler
from chat.errors import EXPECTED


class ExpectedErrors:
    """Middleware that answers an expected error as the API does, not with a 500."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> JsonResponse | None:
        """Return the response to an expected error, or None for others, which Django handles."""
        if not isinstance(error, EXPECTED):
            return None
        response = exception_handler(error, {})
        assert response is not None
        answer = JsonResponse(response.data, status=response.status_code)
        for name in ("Retry-After", "WWW-Authenticate"):
            if name in response.headers:
                answer[name] = response.headers[name]
        return answer
