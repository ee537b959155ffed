import time

from flask import abort, request


def timestamp():
    """Return the current time in whole seconds."""
    return int(time.time())


def json_body():
    """Return the JSON object in the body of the request. Any other body is a 400."""
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        abort(400)
    return data
