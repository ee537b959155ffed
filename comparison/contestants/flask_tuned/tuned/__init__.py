"""The application of ../flask with some of its functions replaced, before any module uses them."""

import flack
from config import Config
from flack import auth, events, tasks

from . import push, requests


class TunedConfig(Config):
    SOCKETIO_MESSAGE_QUEUE = None  # push.py has a subscription of its own
    SQLALCHEMY_ENGINE_OPTIONS = {"pool_size": 20}


auth.user_seen = requests.user_seen
events.push_model = push.push_model
tasks.async_task = requests.async_task


def create_app(main=True):
    app = flack.create_app(TunedConfig, main=main)
    app.view_functions["messages.get_messages"] = requests.get_messages
    app.view_functions["messages.new_message"] = requests.new_message
    app.view_functions["users.get_users"] = requests.get_users
    if main:
        flack.socketio.on_event("post_message", requests.on_post_message)
        # The one private name here: which class engineio makes of a WebSocket.
        flack.socketio.server.eio._async = {
            **flack.socketio.server.eio._async,
            "websocket": push.WebSocket,
        }
    return app
