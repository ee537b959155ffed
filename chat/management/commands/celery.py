"""`celery`, as in the Flask version."""

import sys

from celery import current_app
from click import ClickException
from django.core.management import BaseCommand


class Command(BaseCommand):
    help = "Starts a Celery worker. Takes every option of `celery worker`."

    def run_from_argv(self, argv: list[str]) -> None:
        try:
            current_app.worker_main(["worker", "--pool", "threads", *argv[2:]])
        except ClickException as error:
            error.show()
            sys.exit(error.exit_code)
