"""Requests: no write for a poll, no trip to Celery for a post, lists without instances."""

from functools import wraps

import orjson
from celery import shared_task
from flack import db, events
from flack.auth import token_auth, token_optional
from flack.models import Message, User
from flack.tasks import async_task as always_async
from flack.utils import json_body, timestamp
from flask import Response, g, jsonify, request
from sqlalchemy import select

SEEN_FOR = 15  # seconds in which a user is not marked as seen again
DAY = 24 * 60 * 60  # seconds
MESSAGE = select(
    Message.id, Message.created_at, Message.updated_at, Message.source, Message.html,
    Message.user_id,
)  # fmt: skip
USER = select(
    User.id, User.created_at, User.updated_at, User.nickname, User.last_seen_at, User.online
)


def user_seen(user):
    """Record that a user was seen, at most every `SEEN_FOR` seconds."""
    g.current_user = user
    if user.online and user.last_seen_at > timestamp() - SEEN_FOR:
        return
    was_offline = user.ping()
    db.session.commit()
    if was_offline:
        events.push_model(user)


def async_task(f):
    """Run a route in a Celery worker only if the client prefers that."""
    deferred = always_async(f)

    @wraps(f)
    def wrapped(*args, **kwargs):
        later = request.headers.get("Prefer") == "respond-async"
        return (deferred if later else f)(*args, **kwargs)

    return wrapped


def save(data, user):
    """Save a message, and have its links expanded by a Celery worker."""
    message = Message.create(data, user=user, expand_links=False)
    db.session.add(message)
    db.session.commit()
    if "<a " in message.html:
        expand_links.delay(message.id)
    return message


@shared_task(ignore_result=True)
def expand_links(message_id):
    message = db.session.get(Message, message_id)
    if message.expand_links():
        db.session.commit()
        events.push_model(message)


def on_post_message(data, token):
    """Post a message of a socket."""
    user = events.identify(token)
    if user is not None:
        events.push_model(save(data, user))


@token_auth.login_required
@async_task
def new_message():
    message = save(json_body(), g.current_user)
    return jsonify(message.to_dict()), 201, {"Location": f"/api/messages/{message.id}"}


@token_optional
def get_messages():
    since = max(int(request.args.get("updated_since", "0")), timestamp() - DAY)
    query = MESSAGE.where(Message.updated_at > since).order_by(Message.updated_at)
    return listed("messages", query, message_links)


@token_optional
def get_users():
    query = USER.order_by(User.updated_at, User.nickname)
    if request.args.get("online"):
        query = query.where(User.online == (request.args["online"] != "0"))
    if request.args.get("updated_since"):
        query = query.where(User.updated_at > int(request.args["updated_since"]))
    return listed("users", query, user_links)


def message_links(row):
    return {"self": f"/api/messages/{row['id']}", "user": f"/api/users/{row['user_id']}"}


def user_links(row):
    return {
        "self": f"/api/users/{row['id']}",
        "messages": f"/api/messages?user_id={row['id']}",
        "tokens": "/api/tokens",
    }


def listed(name, query, links):
    """Return a response with the rows of a query, without creating instances."""
    rows = [dict(row, _links=links(row)) for row in db.session.execute(query).mappings()]
    return Response(orjson.dumps({name: rows}), mimetype="application/json")
