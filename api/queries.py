"""Parameters in the query of a URL, which the views read and the OpenAPI document describes."""

import re
from typing import Any, NamedTuple

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

Schema = dict[str, Any]

ID = "[0-9]{1,18}"  # no column holds a longer id
WHOLE = re.compile("-?[0-9]{1,19}")
MAX_IDS = 100  # in one request
PAGE = 50  # messages of older history, without `limit`
LARGEST_PAGE = 200  # messages, with `limit`
LARGEST = 2**63 - 1  # what a column of either database holds

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer", "format": "int64", "minimum": -LARGEST, "maximum": LARGEST}


class Parameter(NamedTuple):
    """A parameter that a request may leave out, in the query of its URL or in a header."""

    name: str
    description: str
    schema: Schema = NUMBER
    place: str = "query"

    def number(self, request: Request) -> int | None:
        """Return the whole number of a request, or None; ValidationError if it is not one."""
        text = request.query_params.get(self.name)
        if text is None:
            return None
        if not WHOLE.fullmatch(text):
            raise ValidationError({self.name: ["This must be a whole number."]})
        value, least = int(text), self.schema["minimum"]
        if not least <= value <= LARGEST:
            raise ValidationError({self.name: [f"This must be from {least} to {LARGEST}."]})
        return value

    def ids(self, request: Request) -> list[int] | None:
        """Return the ids of a request, such as `1,2,3`, or None; ValidationError for others."""
        text = request.query_params.get(self.name)
        if text is None:
            return None
        if not re.fullmatch(self.schema["pattern"], text):
            sentence = f"These must be at most {MAX_IDS} ids with commas between."
            raise ValidationError({self.name: [sentence]})
        return list(map(int, text.split(",")))


IDS = Parameter(
    "ids",
    f"Only users with these ids, such as `1,2,3`; at most {MAX_IDS}",
    {**TEXT, "pattern": f"^{ID}(,{ID}){{0,{MAX_IDS - 1}}}$"},
)
SINCE = Parameter("updated_since", "Only later changes, in Unix seconds")
USER_ID = Parameter("user_id", "Only messages of this user")
LIMIT = Parameter(
    "limit",
    f"The newest N, at most {LARGEST_PAGE}; {PAGE} by default with `before`, `after` or `q`",
    {**NUMBER, "minimum": 1},
)
BEFORE = Parameter("before", "Messages of any age with a smaller id")
AFTER = Parameter("after", "Messages of any age with a larger id, the next ones first")
