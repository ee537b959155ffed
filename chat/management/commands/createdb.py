"""`createdb`, as in the Flask version."""

from typing import Any

from django.apps import apps
from django.core.management import CommandParser, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from chat.management.operator import OperatorCommand


class Command(OperatorCommand):
    help = "Creates the tables of the database, or migrates them to this version."
    destroys = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--drop-first", action="store_true", help="drop all tables first")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["drop_first"]:
            name = connection.settings_dict["NAME"]
            self.confirm(f"Drop every table of {name}, with all users and messages?", options)
            for label in sorted(MigrationLoader(connection).migrated_apps & set(apps.app_configs)):
                call_command("migrate", label, "zero", verbosity=0)
        call_command("migrate", verbosity=0 if options["json"] else options["verbosity"])
        self.report("The tables are up to date.", options, dropped=options["drop_first"])
