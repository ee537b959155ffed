"""The state of a deferred request, at `/tasks/status/ID`."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.base import APIView
from api.deferred import accepted
from api.models import Deferred
from api.serializers import ErrorSerializer, MessageSerializer


class TaskStatusView(APIView):
    """The state of a deferred request."""

    authentication_classes = ()

    @extend_schema(
        responses={
            **{201: MessageSerializer, 202: None, 204: None},
            **dict.fromkeys((400, 401, 403, 404, 422, 500), ErrorSerializer),
        }
    )
    def get(self, request: Request, task_id: UUID) -> Response:
        """Show the result of a deferred request.

        The status is 202 while it waits or runs, then that of its response.
        """
        answer = get_object_or_404(Deferred, pk=task_id).answer
        if answer is None:
            return accepted(task_id, {})
        return Response(answer["data"], status=answer["status"], headers=answer["headers"])
