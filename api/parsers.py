"""JSON requests, parsed by orjson for strictness, not for speed.

It follows RFC 8259: NaN and half of a surrogate pair are errors. DRF's parser accepts the latter.
"""

from typing import IO, Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from api.renderers import JSONRenderer


class JSONParser(BaseParser):
    """`application/json`."""

    media_type = "application/json"
    renderer_class = JSONRenderer  # shows an example in the browsable pages

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None
    ) -> Any:
        """Return the parsed body, or raise ParseError."""
        try:
            return orjson.loads(stream.read())
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}.") from error
