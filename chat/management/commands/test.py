"""`test`, as in the Flask version."""

import subprocess
import sys

from django.core.management import BaseCommand


class Command(BaseCommand):
    help = "Runs the tests by pytest; every option of pytest can follow."

    def run_from_argv(self, argv: list[str]) -> None:
        sys.exit(subprocess.call([sys.executable, "-m", "pytest", *argv[2:]]))
