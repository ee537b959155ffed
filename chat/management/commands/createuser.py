"""`createuser`."""

import getpass
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError, CommandParser

from chat import actions


class Command(BaseCommand):
    help = "Registers a user. The password is asked for, or read from a pipe as one line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("nickname", help="1 to 32 characters")

    def handle(self, *args: Any, **options: Any) -> None:
        if sys.stdin.isatty():
            password = getpass.getpass()
            if password != getpass.getpass("Password (again): "):
                raise CommandError("The two passwords differ.")
        else:
            password = sys.stdin.readline().rstrip("\n")
        try:
            user = actions.register(nickname=options["nickname"], password=password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"Registered {user.nickname} as user {user.pk}.")
