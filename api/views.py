"""The root of the API, and the 404 of paths that no other view takes."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.base import APIView
from api.serializers import RootSerializer
from chat.errors import NOT_FOUND, error_body


class FlackView(APIView):
    """The API of Flack, one public chat room. Sign in to try what needs a user."""

    @extend_schema(responses=RootSerializer, tags=["service"])
    def get(self, request: Request) -> Response:
        """List the resources."""
        return Response(RootSerializer(request).data)


@csrf_exempt
def not_found(request: HttpRequest) -> JsonResponse:
    """Answer any path that no other view takes, in JSON also while DEBUG is on."""
    return JsonResponse(error_body(404, NOT_FOUND), status=404)
