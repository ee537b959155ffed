from flask import Blueprint, abort, g, jsonify, request, url_for
from sqlalchemy import select

from .. import db
from ..auth import token_auth, token_optional
from ..models import User
from ..utils import json_body

users = Blueprint("users", __name__)


@users.post("/users")
def new_user():
    """Register a new user."""
    user = User.create(json_body())
    if db.session.scalar(select(User).where(User.nickname == user.nickname)) is not None:
        abort(400)
    db.session.add(user)
    db.session.commit()
    return jsonify(user.to_dict()), 201, {"Location": url_for("users.get_user", id=user.id)}


@users.get("/users")
@token_optional
def get_users():
    """Return the list of users."""
    query = select(User).order_by(User.updated_at, User.nickname)
    if request.args.get("online"):
        query = query.where(User.online == (request.args["online"] != "0"))
    if request.args.get("updated_since"):
        query = query.where(User.updated_at > int(request.args["updated_since"]))
    return jsonify({"users": [user.to_dict() for user in db.session.scalars(query)]})


@users.get("/users/<int:id>")
@token_optional
def get_user(id):
    """Return a user."""
    return jsonify(db.get_or_404(User, id).to_dict())


@users.put("/users/<int:id>")
@token_auth.login_required
def edit_user(id):
    """Modify a user; users may modify only themselves."""
    user = db.get_or_404(User, id)
    if user != g.current_user:
        abort(403)
    user.from_dict(json_body())
    db.session.commit()
    return "", 204
