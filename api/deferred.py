"""The way through Celery: `Prefer: respond-async` (RFC 7240), then `/tasks/status/ID`."""

import functools
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from celery import Task, current_app, shared_task, states
from celery.result import AsyncResult
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import Http404
from kombu.exceptions import OperationalError as BrokerError
from redis import RedisError
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.exceptions import exception_handler

QUEUED = "QUEUED"  # Celery itself has no state that tells a task not begun from one unknown
RETRIES = 5


class Unavailable(APIException):
    """The broker cannot take the task."""

    status_code = 503
    default_detail = "The queue cannot be reached. Try again in a moment, or without Prefer."
    wait = 2  # seconds


def deferrable(answer: Callable[..., Response]) -> Callable[..., Response]:
    """Let a worker make an answer when the client prefers so.

    `answer` takes JSON values by keyword. What is returned takes the request before them.
    """

    name = f"{answer.__module__}.{answer.__name__}"

    @shared_task(bind=True, name=name, ignore_result=False, max_retries=RETRIES)
    def task(self: Task, **kwargs: Any) -> dict[str, Any]:
        if "key" in kwargs:  # a task that is given twice posts once
            kwargs["key"] = kwargs["key"] or self.request.id
        try:
            response = answer(**kwargs)
        except (OperationalError, InterfaceError) as error:
            if self.request.retries < RETRIES:
                raise self.retry(exc=error, countdown=2**self.request.retries) from error
            response = _answer_to(error)
        except Exception as error:
            response = _answer_to(error)
        headers = dict(response.headers)
        return {"status": response.status_code, "headers": headers, "data": response.data}

    @functools.wraps(answer)
    def answer_or_defer(request: Request, **kwargs: Any) -> Response:
        if not prefers_async(request):
            return answer(**kwargs)
        task_id = str(uuid4())
        try:
            current_app.backend.store_result(task_id, None, QUEUED)
            task.apply_async(kwargs=kwargs, task_id=task_id)
        except (BrokerError, RedisError) as error:
            raise Unavailable from error
        return _accepted(task_id, {"Preference-Applied": "respond-async"})

    return answer_or_defer


def prefers_async(request: Request) -> bool:
    """Say whether the client, or the operator for all clients, wants an answer by a worker."""
    preferences = request.headers.get("Prefer", "").lower().replace(";", ",").split(",")
    return settings.FLACK_RESPOND_ASYNC or "respond-async" in map(str.strip, preferences)


def _answer_to(error: Exception) -> Response:
    response = exception_handler(error, {})
    if response is None:
        raise error
    return response


def _accepted(task_id: str, headers: dict[str, str]) -> Response:
    return Response(status=202, headers={"Location": f"/tasks/status/{task_id}", **headers})


class TaskStatusView(APIView):
    """What became of a request that a worker answers."""

    authentication_classes = ()

    def get(self, request: Request, task_id: UUID) -> Response:
        """Return 202 while the task waits or runs, then its answer: status, headers and body."""
        result = AsyncResult(str(task_id))
        try:
            state, value = result.state, result.result
        except RedisError as error:
            raise Unavailable from error
        if state == states.PENDING:
            raise Http404
        if state == states.FAILURE:
            return Response({"error": "Something went wrong on the server."}, status=500)
        if state != states.SUCCESS:
            return _accepted(str(task_id), {})
        return Response(value["data"], status=value["status"], headers=value["headers"])
