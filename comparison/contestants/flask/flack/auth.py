from functools import wraps

from flask import g, jsonify, request
from flask_httpauth import HTTPBasicAuth, HTTPTokenAuth
from sqlalchemy import select

from . import db
from .models import User

basic_auth = HTTPBasicAuth()
token_auth = HTTPTokenAuth("Bearer")


def user_seen(user):
    """Record that a user was seen, and push the user if it was offline."""
    from .events import push_model

    was_offline = user.ping()
    db.session.commit()
    if was_offline:
        push_model(user)
    g.current_user = user


@basic_auth.verify_password
def verify_password(nickname, password):
    if not nickname or not password:
        return None
    user = db.session.scalar(select(User).where(User.nickname == nickname))
    if user is None or not user.verify_password(password):
        return None
    user_seen(user)
    return user


@token_auth.verify_token
def verify_token(token):
    if not token:
        return None
    user = db.session.scalar(select(User).where(User.token == token))
    if user is not None:
        user_seen(user)
    return user


def token_optional(f):
    """Allow requests without a token, but not those with a wrong token."""
    with_token = token_auth.login_required(f)

    @wraps(f)
    def decorated(*args, **kwargs):
        view = with_token if "Authorization" in request.headers else f
        return view(*args, **kwargs)

    return decorated


@basic_auth.error_handler
@token_auth.error_handler
def auth_error():
    # The "Bearer" challenge keeps browsers from opening their own prompt.
    return (
        jsonify({"error": "authentication required"}),
        401,
        {"WWW-Authenticate": 'Bearer realm="Authentication Required"'},
    )
