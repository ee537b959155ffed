from functools import wraps
from io import BytesIO

from celery import shared_task, states
from celery.result import AsyncResult
from flask import Blueprint, abort, current_app, request, url_for
from werkzeug.wrappers import Response

tasks = Blueprint("tasks", __name__)


@shared_task
def run_flask_request(environ, body):
    """Run a request in the Celery worker. Return the body, status and headers of its response."""
    environ = {
        **environ,
        "wsgi.input": BytesIO(body.encode("latin-1")),
        "flack.in_celery": True,
    }
    response = Response.from_app(current_app.wsgi_app, environ)
    return response.get_data(as_text=True), response.status_code, list(response.headers)


def async_task(f):
    """Run a route in a Celery worker, and answer 202 with the URL of the task's status."""

    @wraps(f)
    def wrapped(*args, **kwargs):
        if request.environ.get("flack.in_celery"):
            return f(*args, **kwargs)
        environ = {key: value for key, value in request.environ.items() if type(value) is str}
        task = run_flask_request.delay(environ, request.get_data().decode("latin-1"))
        return "", 202, {"Location": url_for("tasks.get_status", id=task.id)}

    return wrapped


@tasks.get("/status/<id>")
def get_status(id):
    """Return the response of a finished task, or 202 while the task runs."""
    task = AsyncResult(id)
    if task.state == states.PENDING:
        abort(404)
    if task.state == states.STARTED:
        return "", 202, {"Location": url_for("tasks.get_status", id=id)}
    body, status, headers = task.get()
    return body, status, headers
