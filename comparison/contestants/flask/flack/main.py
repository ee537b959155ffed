from flask import Blueprint, jsonify, render_template

from . import db, socketio, stats
from .events import push_model
from .models import User

main = Blueprint("main", __name__)


@main.before_app_request
def before_request():
    stats.add_request()


@main.get("/")
def index():
    return render_template("index.html")


@main.get("/stats")
def get_stats():
    return jsonify({"requests_per_second": stats.requests_per_second()})


def find_offline_users(app):
    """Look for users that left without a word, every 5 seconds; a background task."""
    while True:
        with app.test_request_context():
            for user in User.find_offline_users():
                push_model(user)
            db.session.remove()
        socketio.sleep(5)
