"""The web server: gunicorn -k gevent -w 1 wsgi:app."""

from flack import create_app, socketio
from flack.main import find_offline_users

app = create_app()
socketio.start_background_task(find_offline_users, app)
