"""`createdb`, as in the Flask version."""

import sys
from typing import Any

from django.apps import apps
from django.core.management import BaseCommand, CommandError, CommandParser, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader


class Command(BaseCommand):
    help = "Creates the database's tables, or brings them up to date."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--drop-first", action="store_true", help="drop all of them first")
        parser.add_argument("--yes", action="store_true", help="drop without asking")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["drop_first"]:
            name = connection.settings_dict["NAME"]
            if not options["yes"]:
                question = f"Drop every table of {name}, with all that was said? [y/N] "
                self.stdout.write(question, ending="")
                self.stdout.flush()
                if sys.stdin.readline().strip().lower() not in ("y", "yes"):
                    raise CommandError("Nothing was dropped.")
            for label in sorted(MigrationLoader(connection).migrated_apps & set(apps.app_configs)):
                call_command("migrate", label, "zero", verbosity=0)
        call_command("migrate", verbosity=options["verbosity"])
