from flask import Blueprint, abort, g, jsonify, request, url_for
from sqlalchemy import select

from .. import db
from ..auth import token_auth, token_optional
from ..models import Message
from ..tasks import async_task
from ..utils import json_body, timestamp

messages = Blueprint("messages", __name__)

DAY = 24 * 60 * 60  # seconds


@messages.post("/messages")
@token_auth.login_required
@async_task
def new_message():
    """Post a new message."""
    message = Message.create(json_body())
    db.session.add(message)
    db.session.commit()
    location = url_for("messages.get_message", id=message.id)
    return jsonify(message.to_dict()), 201, {"Location": location}


@messages.get("/messages")
@token_optional
def get_messages():
    """Return the list of messages, at most those of the last day."""
    since = max(int(request.args.get("updated_since", "0")), timestamp() - DAY)
    query = select(Message).where(Message.updated_at > since).order_by(Message.updated_at)
    return jsonify({"messages": [message.to_dict() for message in db.session.scalars(query)]})


@messages.get("/messages/<int:id>")
@token_optional
def get_message(id):
    """Return a message."""
    return jsonify(db.get_or_404(Message, id).to_dict())


@messages.put("/messages/<int:id>")
@token_auth.login_required
@async_task
def edit_message(id):
    """Modify a message; users may modify only their own messages."""
    message = db.get_or_404(Message, id)
    if message.user_id != g.current_user.id:
        abort(403)
    message.from_dict(json_body())
    db.session.commit()
    return "", 204
