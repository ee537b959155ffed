from flask import Blueprint, g, jsonify

from .. import db
from ..auth import basic_auth, token_auth

tokens = Blueprint("tokens", __name__)


@tokens.post("/tokens")
@basic_auth.login_required
def new_token():
    """Return the user's token."""
    if g.current_user.token is None:
        g.current_user.generate_token()
        db.session.commit()
    return jsonify({"token": g.current_user.token})


@tokens.delete("/tokens")
@token_auth.login_required
def revoke_token():
    """Revoke the user's token."""
    g.current_user.token = None
    db.session.commit()
    return "", 204
