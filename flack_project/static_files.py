"""Static files, which an upgrade may replace while a process runs."""

from contextlib import nullcontext
from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import MissingFileError

WHOLE = 256 * 1024  # bytes up to which a file is read at once


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise, with the size and the ETag that a file has now.

    WhiteNoise reads both once, at the start, but opens the file for each request: between
    `git pull` and the restart a longer file would be cut off, and a shorter one end too early.
    """

    def __call__(self, request: HttpRequest) -> Any:
        """Examine a file again before it is sent; without it the response is 404.

        A small file is sent whole: each block of a stream takes a hop into a thread and back.
        """
        url = request.path_info
        if url not in self.files:
            return super().__call__(request)
        path, _ = self.files[url].get_path_and_headers({})
        try:
            self.files[url] = self.get_static_file(path, url)
        except MissingFileError:
            return self.get_response(request)
        response = super().__call__(request)
        if int(response.headers.get("Content-Length", 0)) > WHOLE:
            return response
        file = response.file_to_stream  # None without a body
        with file or nullcontext():
            body = file.read() if file else b""
        return HttpResponse(body, status=response.status_code, headers=response.headers)
