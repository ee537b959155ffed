from celery import shared_task
from flask import session

from . import db, socketio
from .auth import verify_token
from .models import Message, User


def push_model(model):
    """Push a model to all connected clients."""
    socketio.emit("updated_model", {"class": model.__class__.__name__, "model": model.to_dict()})


def identify(token):
    """Return the user that owns a token, and keep its id in the session of this socket."""
    session.pop("user_id", None)
    user = verify_token(token)
    if user is not None:
        session["user_id"] = user.id
    return user


@socketio.on("ping_user")
def on_ping_user(token):
    """Keep a user online: clients send this event periodically."""
    identify(token)


@socketio.on("post_message")
def on_post_message(data, token):
    """Post a message in a Celery worker."""
    user = identify(token)
    if user is not None:
        post_message.delay(user.id, data)


@shared_task(ignore_result=True)
def post_message(user_id, data):
    user = db.session.get(User, user_id)
    if user is None:
        return
    message = Message.create(data, user=user, expand_links=False)
    db.session.add(message)
    db.session.commit()
    push_model(message)
    if message.expand_links():
        db.session.commit()
        push_model(message)


@socketio.on("disconnect")
def on_disconnect(reason):
    """Mark the user of a socket as offline when the socket closes."""
    user = db.session.get(User, session.get("user_id", 0))
    if user is not None:
        user.online = False
        db.session.commit()
        push_model(user)
