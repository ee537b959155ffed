"""The browsable pages: each response of the API as HTML, with links and forms.

The forms are described by the serializers. `api/static/api/browsable.js` sends them as JSON, which
is all that the API accepts.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from django.contrib.auth import get_user
from django.utils.safestring import SafeString, mark_safe
from rest_framework.exceptions import APIException
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request, override_method

from api.highlight import URL_OF_HEADER, highlighted, linked
from api.parameters import PARAMETERS
from api.renderers import JSONRenderer
from chat.content.markup import render

KEEP = "Leave it empty to keep it. "


def first_line(method: Any) -> str:
    """Return the first line of a docstring, without its full stop."""
    return (method.__doc__ or "").partition("\n")[0].rstrip(".")


class BrowsableRenderer(BrowsableAPIRenderer):
    """`text/html`, for browsers: `application/json` comes first when both are accepted."""

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> str:
        """Return the page. An endpoint that has no GET describes itself instead of a 405."""
        context = renderer_context or {}
        response = context["response"]
        if context["request"].method == "GET" and response.status_code == 405:
            response.status_code, data = 200, None
        page: str = super().render(data, accepted_media_type, context)
        return page

    def get_context(
        self, data: Any, accepted_media_type: str | None, renderer_context: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return what the template shows."""
        view, request = renderer_context["view"], renderer_context["request"]
        response = renderer_context["response"]
        content = JSONRenderer().render(data, renderer_context={"indent": 2}).decode()
        headers = {**dict(response.items()), "Content-Type": JSONRenderer.media_type}
        paginator = getattr(view, "paginator", None)
        row, user = current_row(view), signed_in(request)
        return {
            "view": view,
            "request": request,
            "response": response,
            "user": row if row == user else user,  # as this request may have renamed the user
            "name": self.get_name(view),
            "description": describe(view),
            "breadcrumbs": self.get_breadcrumbs(request),
            "content": highlighted(content),
            "headers": [(key, linked(headers[key], URL_OF_HEADER)) for key in sorted(headers)],
            "paginator": paginator if paginator and paginator.display_page_controls else None,
            "parameters": parameters(view, request),
            "forms": forms(view, request, response, row),
        }


def signed_in(request: Request) -> Any:
    """Return the user of the request, or of the session where the view has no authenticators."""
    return request.user if request.user.is_authenticated else get_user(request._request)


def describe(view: Any) -> SafeString:
    """Return the docstring of the view, and for a list what it holds, as HTML."""
    docs = [type(view).__doc__]
    if getattr(view, "action", None) == "list":
        docs.append(view.list.__doc__)
    lines = [line.strip() for doc in docs for line in [*(doc or "").splitlines(), ""]]
    return mark_safe(render("\n".join(lines)))  # noqa: S308  # sanitised


def parameters(view: Any, request: Request) -> list[dict[str, Any]]:
    """Return the query parameters of this page, with the values of this request."""
    action = getattr(view, "action", None)
    declared = PARAMETERS.get(f"{getattr(view, 'basename', None)}s_{action}", [])
    return [
        {
            "name": name,
            "type": "number" if schema.get("type") == "integer" else "text",
            "help": mark_safe(render(help_text)),  # noqa: S308  # sanitised
            "value": request.query_params.get(name, ""),
        }
        for name, help_text, schema, place in declared
        if place == "query" and request.method == "GET"
    ]


def current_row(view: Any) -> Any:
    """Return the row that the URL names, as it is after the request, or None."""
    return view.queryset.filter(pk=view.kwargs["pk"]).first() if "pk" in view.kwargs else None


def forms(view: Any, request: Request, response: Any, row: Any) -> list[dict[str, Any]]:
    """Return a form for each method that this user can use on this page."""
    return [
        form(view, method, request, response, row)
        for method in ("POST", "PUT", "DELETE")
        if is_allowed(view, method, request, row)
    ]


def is_allowed(view: Any, method: str, request: Request, row: Any) -> bool:
    """Return True if the request can succeed; tests hold this to the rules of the actions."""
    user: Any = request.user
    if method not in view.allowed_methods:
        return False
    with override_method(view, request, method) as tried:
        try:
            view.check_permissions(tried)
        except APIException:
            return False
    match getattr(view, "basename", None), method:
        case "user", "PUT":
            return row == user and not user.is_banned
        case "message", "POST":
            return not user.is_banned
        case "message", "PUT":
            return row is not None and row.user_id == user.pk and not user.is_banned
        case "message", "DELETE":
            may_delete = row is not None and (row.user_id == user.pk or user.is_staff)
            return may_delete and not user.is_banned
        case "token", "DELETE":
            return False  # only a token can end itself, and a session has none
    return True


def form(view: Any, method: str, request: Request, response: Any, row: Any) -> dict[str, Any]:
    """Return what the template shows of one form.

    It holds the values of the row, or after an error those that were sent, with the errors.
    """
    with override_method(view, request, method):
        title = first_line(getattr(view, view.action))
        serializer = view.get_serializer(row) if row else view.get_serializer()
    shown = {"method": method, "title": title, "path": request.get_full_path()}
    if method == "DELETE":
        return shown
    values, errors = dict(serializer.data), {}
    methods = {"POST": ["POST"], "PUT": ["PUT", "PATCH"]}[method]
    if request.method in methods and response.status_code >= 400:
        values, errors = values | sent(request), response.data.get("fields", {})
    fields = [
        {
            "id": f"{method.lower()}-{name}",
            "name": name,
            "label": field.label,
            "help": f"{KEEP if row and field.write_only else ''}{field.help_text or ''}",
            "is_long": field.style.get("base_template") == "textarea.html",
            "is_secret": field.write_only,
            "is_required": not (row and field.write_only),  # empty: the password stays
            "value": "" if field.write_only else values.get(name, ""),  # no page has a password
            "errors": errors.get(name, []),
        }
        for name, field in serializer.fields.items()
        if not field.read_only
    ]
    body = {field["name"]: field["value"] for field in fields if field["is_required"]}
    raw = orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()
    return {**shown, "methods": methods, "fields": fields, "raw": raw}


def sent(request: Request) -> dict[str, Any]:
    """Return the fields of the body, or none if it is not a JSON object."""
    try:
        return dict(request.data) if isinstance(request.data, dict) else {}
    except APIException:
        return {}
