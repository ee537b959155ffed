"""The web server: gunicorn -k gevent -w 1 wsgi:app."""

from tuned import IDEAS, create_app
from tuned.push import subscribe

app = create_app()

from flack import socketio  # noqa: E402
from flack.main import find_offline_users  # noqa: E402

socketio.start_background_task(find_offline_users, app)
if "push" in IDEAS:
    socketio.start_background_task(subscribe)
