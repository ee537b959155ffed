"""The root of the API, its documents, and the 404 of paths that no other view takes."""

from django.http import HttpRequest, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api import socket_page
from api.base import APIView
from api.schema import asyncapi, openapi
from api.serializers import RootSerializer
from chat.errors import NOT_FOUND, error_body
from chat.views import read_only

get_openapi = read_only(lambda request: JsonResponse(openapi.document()))
get_asyncapi = read_only(lambda request: JsonResponse(asyncapi.document()))
get_schema = read_only(lambda request: render(request, "api/schema.html"))
get_socket = read_only(lambda request: render(request, "api/socket.html", socket_page.context()))


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
