"""`backup`."""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management import CommandError, CommandParser

from chat.management import backups
from chat.management.operator import OperatorCommand, plural


class Command(OperatorCommand):
    help = "Saves the SQLite database in one new file. Flack may run meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("path", type=Path, metavar="PATH", help="the file to create")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        database = backups.database_path()
        part = path.parent / f"{path.name}.part"
        try:
            if path.exists():
                raise CommandError(
                    f"{path} exists already: nothing was saved. Choose another path."
                )
            part.unlink(missing_ok=True)
            messages = backups.save(database, part)
            part.rename(path)
        except (OSError, sqlite3.Error) as error:
            raise CommandError(f"Nothing was saved in {path}: {error}.") from error
        finally:
            with suppress(OSError):  # of a folder that is none, or may not be entered
                part.unlink(missing_ok=True)
        sentence = f"Saved {plural(messages, 'message')} in {path}."
        self.report(sentence, options, messages=messages)
