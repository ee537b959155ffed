"""`celery`, as in the Flask version."""

import sys

from celery import current_app
from click import ClickException
from django.core.management import BaseCommand

from chat.management.operator import BASE_ARGUMENTS


class Command(BaseCommand):
    suppressed_base_arguments = BASE_ARGUMENTS
    help = "Starts a Celery worker. Takes every option of `celery worker`, which lists them."

    def run_from_argv(self, argv: list[str]) -> None:
        if {"-h", "--help"} & set(argv):
            self.create_parser(argv[0], argv[1]).print_help()
            return
        try:
            current_app.worker_main(["worker", "--pool", "threads", *argv[2:]])
        except ClickException as error:
            error.show()
            sys.exit(error.exit_code)
