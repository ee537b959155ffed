"""The application of ../flask with some of its functions replaced, before any module uses them."""

import gc

import flack
from config import Config
from flack import auth, events, models, tasks

from . import push, rendering, requests
from .ideas import IDEAS


class TunedConfig(Config):
    if "rest" in IDEAS:
        SQLALCHEMY_ENGINE_OPTIONS = {"pool_size": 20}
    if "push" in IDEAS:
        SOCKETIO_MESSAGE_QUEUE = None  # push.py has a subscription of its own


if "seen" in IDEAS:
    auth.user_seen = requests.user_seen
if "push" in IDEAS:
    events.push_model = push.push_model
if "direct" in IDEAS:
    tasks.async_task = requests.async_task
if "rest" in IDEAS:
    models.Message.render_markdown = rendering.render_markdown


def create_app(main=True):
    app = flack.create_app(TunedConfig, main=main)
    if "lists" in IDEAS:
        app.view_functions["messages.get_messages"] = requests.get_messages
        app.view_functions["users.get_users"] = requests.get_users
    if "direct" in IDEAS:
        app.view_functions["messages.new_message"] = requests.new_message
        if main:
            flack.socketio.on_event("post_message", requests.on_post_message)
    if "push" in IDEAS and main:
        # The one private name here: which class engineio makes of a WebSocket.
        flack.socketio.server.eio._async = {
            **flack.socketio.server.eio._async,
            "websocket": push.WebSocket,
        }
    if "rest" in IDEAS:
        flack.db.session.session_factory.configure(expire_on_commit=False)  # read no row again
        gc.collect()
        gc.freeze()  # the garbage collector need not look again at what was loaded
    return app
