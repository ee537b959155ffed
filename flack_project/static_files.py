"""Static files, which an upgrade may replace while a process runs."""

from typing import Any

from django.http import HttpRequest
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import MissingFileError


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise, with the size and the ETag that a file has now.

    WhiteNoise reads both once, at the start, but opens the file for each request: between
    `git pull` and the restart a longer file would be cut off, and a shorter one end too early.
    """

    def __call__(self, request: HttpRequest) -> Any:
        """Examine a file again before it is sent; without it the response is 404."""
        url = request.path_info
        if url in self.files:
            path, _ = self.files[url].get_path_and_headers({})
            try:
                self.files[url] = self.get_static_file(path, url)
            except MissingFileError:
                return self.get_response(request)
        return super().__call__(request)
