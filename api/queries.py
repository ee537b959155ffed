"""Numbers in a URL and its query."""

import re
from typing import overload

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

ID = "[0-9]{1,18}"  # no column holds a longer id
WHOLE = re.compile("-?[0-9]{1,19}")
MAX_IDS = 100  # in one request
PAGE = 50  # messages of older history, without `limit`
LARGEST_PAGE = 200  # messages of older history
LARGEST = 2**63 - 1  # what a column of either database holds


@overload
def number(request: Request, name: str, default: int, *, least: int = -LARGEST) -> int: ...
@overload
def number(
    request: Request, name: str, default: None = None, *, least: int = -LARGEST
) -> int | None: ...
def number(
    request: Request, name: str, default: int | None = None, *, least: int = -LARGEST
) -> int | None:
    """Return a whole number of the query, or the default; ValidationError if it is not one."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not WHOLE.fullmatch(text):
        raise ValidationError({name: ["This must be a whole number."]})
    value = int(text)
    if not least <= value <= LARGEST:
        raise ValidationError({name: [f"This must be from {least} to {LARGEST}."]})
    return value


def numbers(request: Request, name: str) -> list[int] | None:
    """Return the ids of a query, such as `1,2,3`, or None; ValidationError for others."""
    text = request.query_params.get(name)
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) > MAX_IDS or not all(re.fullmatch(ID, part) for part in parts):
        raise ValidationError({name: [f"These must be at most {MAX_IDS} ids with commas between."]})
    return list(map(int, parts))
