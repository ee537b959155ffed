"""`lint`, as in the Flask version."""

import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand


class Command(BaseCommand):
    help = "Runs the linters: `make lint`."

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(subprocess.call(["make", "--no-print-directory", "lint"], cwd=settings.BASE_DIR))
