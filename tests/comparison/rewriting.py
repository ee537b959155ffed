"""Constructors of faults for the proxy."""

import json
import re
from collections.abc import Callable
from typing import Any

from tests.comparison.proxy import Answer, Fault, Request

Change = Callable[[Any], Any]


def answer(method: str, path: str, change: Callable[[Answer], Any]) -> Fault:
    """Change the answers to a method and path, a regular expression."""

    def hook(request: Request, given: Answer) -> None:
        if request.method == method and re.fullmatch(path, request.path):
            change(given)

    return Fault(answer=hook)


def body(method: str, path: str, change: Change) -> Fault:
    """Replace the JSON of successful answers by the result of `change`."""

    def rewrite(given: Answer) -> None:
        if given.status < 300 and given.body:
            given.body = json.dumps(change(json.loads(given.body))).encode()

    return answer(method, path, rewrite)


def status(wrong: int, right: int) -> Callable[[Answer], None]:
    """Replace one status by another."""

    def change(given: Answer) -> None:
        if given.status == right:
            given.status = wrong

    return change


def once(change: Callable[[Answer], None]) -> Callable[[Answer], None]:
    """Change only the first answer."""
    changes = [change]
    return lambda given: changes.pop()(given) if changes else None


def unknown(given: Answer) -> None:
    """Set the status to 404."""
    given.status = 404


def header(name: str, value: str | None) -> Callable[[Answer], None]:
    """Replace a header, or remove it."""

    def change(given: Answer) -> None:
        if given.headers.pop(name, None) is not None and value is not None:
            given.headers[name] = value

    return change


def query(path: str, pattern: str, replacement: str | Callable[[re.Match[str]], str]) -> Fault:
    """Change the query of requests to a path before they reach the server."""

    def hook(request: Request) -> None:
        if re.fullmatch(path, request.path):
            request.target = re.sub(pattern, replacement, request.target)

    return Fault(request=hook)


def plus(number: int) -> Callable[[re.Match[str]], str]:
    """Add to the number in a pattern's second group."""
    return lambda match: f"{match[1]}{int(match[2]) + number}"


def asking(**headers: str | None) -> Fault:
    """Set request headers, or remove them; `_` stands for `-`."""

    def hook(request: Request) -> None:
        for name, value in headers.items():
            request.headers.pop(name.replace("_", "-"), None)
            if value is not None:
                request.headers[name] = value

    return Fault(request=hook)


def swallow(method: str, path: str) -> Fault:
    """Answer 204 without forwarding the request."""

    def hook(request: Request) -> Answer | None:
        matches = request.method == method and re.fullmatch(path, request.path)
        return Answer(204) if matches else None

    return Fault(request=hook)


def frame(event: str, change: Callable[[Any], list[Any]]) -> Fault:
    """Replace the frames of an event."""
    return Fault(frame=lambda given: change(given) if given["event"] == event else [given])


def push(kind: str, change: Change) -> Fault:
    """Replace the model in pushes of a class, or drop the push if the new model is None."""

    def hook(given: Any) -> list[Any]:
        data = given["data"]
        if data["class"] != kind:
            return [given]
        model = change(data["model"])
        return [] if model is None else [given | {"data": data | {"model": model}}]

    return frame("updated_model", hook)


def but(**fields: Any) -> Change:
    """Set fields; a function computes the new value from the old one."""

    def change(model: Any) -> Any:
        new = {k: v(model[k]) if callable(v) else v for k, v in fields.items()}
        return model | new

    return change


def less(field: str) -> Change:
    """Remove a field."""
    return lambda model: {key: value for key, value in model.items() if key != field}
