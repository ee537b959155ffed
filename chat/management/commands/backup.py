"""`backup`."""

import sqlite3
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from chat.management import backups


class Command(BaseCommand):
    help = "Saves the SQLite database in a file, also while Flack runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a file that does not exist yet")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        database = backups.path_of_database()
        if path.exists():
            raise CommandError(f"{path} exists already: nothing was saved.")
        part = path.with_name(f"{path.name}.part")
        try:
            part.unlink(missing_ok=True)
            messages = backups.save(database, part)
            part.rename(path)
        except (OSError, sqlite3.Error) as error:
            raise CommandError(f"Nothing was saved in {path}: {error}.") from error
        finally:
            if part.parent.is_dir():
                part.unlink(missing_ok=True)
        self.stdout.write(f"Saved {messages} messages in {path}.")
