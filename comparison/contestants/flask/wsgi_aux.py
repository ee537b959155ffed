"""The Celery worker and the commands.

celery -A wsgi_aux:celery worker
flask --app wsgi_aux createdb
"""

from flack import create_app, db

app = create_app(main=False)
celery = app.extensions["celery"]


@app.cli.command()
def createdb():
    """Create the tables."""
    db.create_all()
