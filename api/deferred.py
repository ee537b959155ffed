"""Deferred requests: run in a Celery worker on `Prefer: respond-async` (RFC 7240)."""

import logging
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar
from uuid import UUID

from celery import Task, shared_task
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, QuerySet
from kombu.exceptions import OperationalError as BrokerError
from redis import RedisError
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from api.exceptions import exception_handler
from api.models import Deferred
from chat.errors import SERVER_ERROR, Banned, Unauthenticated, error_body
from chat.models import User, timestamp

T = TypeVar("T")
AWAY = (OperationalError, InterfaceError)
EXPIRES = 50  # seconds that a task may wait; then `find_lost_requests` queues the request again
LOST_AFTER = 60  # seconds without an answer after which a request is queued again
AT_ONCE = 1000  # requests that are queued again in one go
KEPT_FOR = 3600  # seconds that an answer can be asked for
MOST_STARTS = 5  # times that a request is started; then it ends with an error

# What the arguments of a request hold about its user. The version before added "admitted".
ABOUT_USER = ("user_id", "sign_in_epoch", "admitted")

Finish = Callable[[], Response]  # saves what was prepared, in one transaction, and answers

logger = logging.getLogger(__name__)
functions: dict[str, Callable[..., Finish]] = {}


class Unavailable(APIException):
    """The broker cannot take the task."""

    status_code = 503
    default_detail = "The queue cannot be reached. Try again in a moment, or without Prefer."


class GivenUp(APIException):
    """Each worker that began this request died, or the database refused it each time."""

    status_code = 500
    default_detail = (
        f"The request was started {MOST_STARTS} times and failed each time. "
        "Nothing was saved. Send it again."
    )


def deferrable(
    *, admit: Callable[..., None]
) -> Callable[[Callable[..., Finish]], Callable[..., Response]]:
    """Run a function in a Celery worker when the client sends `Prefer: respond-async`.

    The function takes the user and JSON values by keyword, does the slow work, and returns the
    function that saves the result and answers. The decorated one takes the request instead of the
    user. `admit(author=user, address=address)` checks ban and limits, of a deferred request when it
    is queued, so that the limits are counted once.
    """

    def decorate(prepare: Callable[..., Finish]) -> Callable[..., Response]:
        name = f"{prepare.__module__}.{prepare.__name__}"
        functions[name] = prepare

        @wraps(prepare)
        def answer_or_defer(request: Request, **kwargs: Any) -> Response:
            user = request.user
            assert isinstance(user, User)
            admit(author=user, address=request.META.get("REMOTE_ADDR", ""))
            if not prefers_async(request):
                return prepare(user, **kwargs)()
            arguments = {"user_id": user.pk, "sign_in_epoch": user.sign_in_epoch, **kwargs}
            deferred = Deferred.objects.create(name=name, arguments=arguments)
            try:
                answer_deferred.delay(str(deferred.pk))
            except (BrokerError, RedisError) as error:
                deferred.delete()
                raise Unavailable from error
            return accepted(deferred.pk, {"Preference-Applied": "respond-async"})

        return answer_or_defer

    return decorate


@shared_task(bind=True, max_retries=None, expires=EXPIRES)
def answer_deferred(self: Task, deferred_id: str) -> None:
    """Run a deferred request and store its response in one commit; safe to run twice.

    The slow work comes before the transaction, which locks SQLite for all other writers.

    Each delivery of a task counts as a start, so that a request that kills its workers ends. When a
    worker process is killed, Redis delivers its tasks again after the `visibility_timeout`, when
    they have expired: then `find_lost_requests` queues the request. With the pool "prefork",
    `task_reject_on_worker_lost` delivers it again at once. A retry is not a start, because it
    waits for the database.
    """
    waiting = Deferred.objects.filter(pk=deferred_id, answer__isnull=True)
    try:
        if not self.request.retries:
            waiting.update(starts=F("starts") + 1)
        if deferred := waiting.first():
            prepared = _attempt(deferred, partial(_prepare, deferred))
            with transaction.atomic():
                if waiting.select_for_update().first():  # not answered by another worker meanwhile
                    if not isinstance(prepared, Response):
                        prepared = _attempt(deferred, partial(_finish, deferred, prepared))
                    waiting.update(answer=_stored(prepared))
    except AWAY as error:
        raise self.retry(exc=error, countdown=min(2**self.request.retries, 30)) from error


def _prepare(deferred: Deferred) -> Finish:
    if deferred.starts > MOST_STARTS:
        logger.error("Deferred request gave up id=%s name=%s", deferred.pk, deferred.name)
        raise GivenUp
    user = _user_of(deferred, User.objects.all())
    arguments = {k: v for k, v in deferred.arguments.items() if k not in ABOUT_USER}
    return functions[deferred.name](user, **arguments)


@transaction.atomic
def _finish(deferred: Deferred, finish: Finish) -> Response:
    """Save in a savepoint, with the user locked, so that nothing deletes or bans it meanwhile."""
    _user_of(deferred, User.objects.select_for_update(no_key=True))
    return finish()


def _user_of(deferred: Deferred, users: QuerySet[User]) -> User:
    """Return the user that sent a request, read again.

    Raises DoesNotExist, Banned or Unauthenticated if this user may no longer send it. A request
    outlives its token, but not a new password or another end of all sign-ins.
    """
    user = users.get(pk=deferred.arguments["user_id"])
    if user.is_banned:
        raise Banned
    # Nodes of the version before queued requests without the epoch.
    epoch = deferred.arguments.get("sign_in_epoch", user.sign_in_epoch)
    if not user.is_active or epoch != user.sign_in_epoch:
        raise Unauthenticated
    return user


def _attempt(deferred: Deferred, step: Callable[[], T]) -> T | Response:
    """Return the result of a step of a request, or the response to its error."""
    try:
        return step()
    except AWAY:
        raise
    except Exception as error:
        response = exception_handler(error, {})
        if response is None:
            logger.exception("Deferred request failed id=%s name=%s", deferred.pk, deferred.name)
            response = Response(error_body(500, SERVER_ERROR), status=500)
        return response


def _stored(response: Response) -> dict[str, Any]:
    headers = dict(response.headers)
    return {"status": response.status_code, "headers": headers, "data": response.data}


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


def accepted(deferred_id: UUID, headers: dict[str, str]) -> Response:
    """Return the 202 that leads to the result of a request."""
    return Response(status=202, headers={"Location": f"/tasks/status/{deferred_id}", **headers})
