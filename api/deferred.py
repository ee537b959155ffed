"""Deferred requests: `Prefer: respond-async` (RFC 7240), then `/tasks/status/ID`."""

import functools
import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

from celery import Task, shared_task
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from kombu.exceptions import OperationalError as BrokerError
from redis import RedisError
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.exceptions import exception_handler
from api.models import Deferred
from api.serializers import ErrorSerializer, MessageSerializer
from chat.errors import SERVER_ERROR, error_body
from chat.models import User, timestamp

AWAY = (OperationalError, InterfaceError)
EXPIRES = 50  # seconds that a task may wait; then `find_lost_requests` queues the request again
LOST_AFTER = 60  # seconds without an answer after which a request is queued again
AT_ONCE = 1000  # requests that are queued again in one go
KEPT_FOR = 3600  # seconds that an answer can be asked for

logger = logging.getLogger(__name__)
functions: dict[str, Callable[..., Response]] = {}


class Unavailable(APIException):
    """The broker cannot take the task."""

    status_code = 503
    default_detail = "The queue cannot be reached. Try again in a moment, or without Prefer."
    wait = 2  # seconds


def deferrable(
    *, admit: Callable[..., None]
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Run a function in a Celery worker when the client sends `Prefer: respond-async`.

    The function takes the user and JSON values by keyword; the decorated one takes the request in
    place of the user, and adds the client's `address`. `admit(author=user, address=address)` checks
    ban and limits when the request is queued; the function is then called with `admitted=True`, so
    that the limits are counted once.
    """

    def decorate(answer: Callable[..., Response]) -> Callable[..., Response]:
        name = f"{answer.__module__}.{answer.__name__}"
        functions[name] = answer

        @functools.wraps(answer)
        def answer_or_defer(request: Request, **kwargs: Any) -> Response:
            address = request.META.get("REMOTE_ADDR", "")
            if not prefers_async(request):
                return answer(request.user, address=address, **kwargs)
            admit(author=request.user, address=address)
            arguments = {"user_id": request.user.pk, "admitted": True, **kwargs}
            deferred = Deferred.objects.create(name=name, arguments=arguments)
            try:
                answer_deferred.delay(str(deferred.pk))
            except (BrokerError, RedisError) as error:
                deferred.delete()
                raise Unavailable from error
            return _accepted(deferred.pk, {"Preference-Applied": "respond-async"})

        return answer_or_defer

    return decorate


@shared_task(bind=True, max_retries=None, expires=EXPIRES)
def answer_deferred(self: Task, deferred_id: str) -> None:
    """Run a deferred request and store its response in one commit; safe to run twice."""
    try:
        with transaction.atomic():
            waiting = Deferred.objects.select_for_update().filter(answer__isnull=True)
            if deferred := waiting.filter(pk=deferred_id).first():
                response = _answer(deferred)
                headers = dict(response.headers)
                answer = {"status": response.status_code, "headers": headers, "data": response.data}
                waiting.filter(pk=deferred_id).update(answer=answer)
    except AWAY as error:
        raise self.retry(exc=error, countdown=min(2**self.request.retries, 30)) from error


def _answer(deferred: Deferred) -> Response:
    try:
        with transaction.atomic():
            arguments = dict(deferred.arguments)
            # Read again: the user may have been banned or deleted since the request was queued.
            user = User.objects.get(pk=arguments.pop("user_id"))
            return functions[deferred.name](user, **arguments)
    except AWAY:
        raise
    except Exception as error:
        response = exception_handler(error, {})
        if response is None:
            logger.exception("A deferred request failed")
            response = Response(error_body(500, SERVER_ERROR), status=500)
        return response


@shared_task
def find_lost_requests() -> None:
    """Queue lost requests again and delete old responses; Celery beat runs this every 30 s."""
    now = timestamp()
    Deferred.objects.filter(answer__isnull=False, sent_at__lt=now - KEPT_FOR).delete()
    lost = Deferred.objects.filter(answer__isnull=True, sent_at__lt=now - LOST_AFTER)
    for pk in list(lost.order_by("sent_at").values_list("pk", flat=True)[:AT_ONCE]):
        answer_deferred.delay(str(pk))
        Deferred.objects.filter(pk=pk).update(sent_at=now)


def prefers_async(request: Request) -> bool:
    """Return True if the client, or the operator for all clients, prefers a deferred response."""
    preferences = request.headers.get("Prefer", "").lower().replace(";", ",").split(",")
    return settings.FLACK_RESPOND_ASYNC or "respond-async" in map(str.strip, preferences)


def _accepted(deferred_id: UUID, headers: dict[str, str]) -> Response:
    return Response(status=202, headers={"Location": f"/tasks/status/{deferred_id}", **headers})


class TaskStatusView(APIView):
    """The state of a deferred request."""

    authentication_classes = ()

    @extend_schema(
        responses={
            **{201: MessageSerializer, 202: None, 204: None},
            **dict.fromkeys((400, 403, 404, 500), ErrorSerializer),
        }
    )
    def get(self, request: Request, task_id: UUID) -> Response:
        """Show the result of a deferred request.

        The status is 202 while it waits or runs, then that of its response.
        """
        answer = get_object_or_404(Deferred, pk=task_id).answer
        if answer is None:
            return _accepted(task_id, {})
        return Response(answer["data"], status=answer["status"], headers=answer["headers"])
