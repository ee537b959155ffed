from celery import Celery, Task
from config import Config
from flask import Flask
from flask_socketio import SocketIO
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)
socketio = SocketIO()


def create_app(config=Config, main=True):
    """Create the application of a web server, or with main=False that of a Celery worker."""
    app = Flask(__name__)
    app.config.from_object(config)

    db.init_app(app)
    celery_init_app(app)
    queue = app.config["SOCKETIO_MESSAGE_QUEUE"]
    if main:
        socketio.init_app(app, message_queue=queue, async_mode=app.config["SOCKETIO_ASYNC_MODE"])
    else:
        # A Celery worker only emits: the web servers receive its events from the message queue.
        socketio.init_app(None, message_queue=queue, async_mode="threading")

    # Import the Socket.IO handlers so that they are registered.
    from . import events  # noqa: F401
    from .api.messages import messages
    from .api.tokens import tokens
    from .api.users import users
    from .main import main as main_blueprint
    from .tasks import tasks

    app.register_blueprint(main_blueprint)
    app.register_blueprint(users, url_prefix="/api")
    app.register_blueprint(tokens, url_prefix="/api")
    app.register_blueprint(messages, url_prefix="/api")
    app.register_blueprint(tasks, url_prefix="/tasks")
    return app


def celery_init_app(app):
    """Create the Celery application; its tasks run in a request context, for url_for()."""

    class FlaskTask(Task):
        def __call__(self, *args, **kwargs):
            with app.test_request_context():
                return self.run(*args, **kwargs)

    celery_app = Celery(app.name, task_cls=FlaskTask)
    celery_app.config_from_object(app.config["CELERY"])
    celery_app.set_default()
    app.extensions["celery"] = celery_app
    return celery_app
