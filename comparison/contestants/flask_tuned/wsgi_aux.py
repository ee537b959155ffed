"""The Celery worker: celery -A wsgi_aux:celery worker."""

from tuned import create_app

app = create_app(main=False)
celery = app.extensions["celery"]
