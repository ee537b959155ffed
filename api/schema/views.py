"""Views of the two documents, and of the pages that show them."""

from django.http import JsonResponse
from django.shortcuts import render

from api.schema import asyncapi, openapi, socket
from chat.views import read_only

get_openapi = read_only(lambda request: JsonResponse(openapi.document()))
get_asyncapi = read_only(lambda request: JsonResponse(asyncapi.document()))
get_socket_page = read_only(lambda request: render(request, "api/socket.html", socket.context()))
get_page = read_only(lambda request: render(request, "api/schema.html"))
