from flask import current_app

from .utils import timestamp

request_stats = []  # the times of the last requests


def add_request():
    """Count a request, and forget those before the window."""
    now = timestamp()
    window = current_app.config["REQUEST_STATS_WINDOW"]
    while request_stats and request_stats[0] < now - window:
        del request_stats[0]
    request_stats.append(now)


def requests_per_second():
    return len(request_stats) / current_app.config["REQUEST_STATS_WINDOW"]
