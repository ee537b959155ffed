"""`createuser`."""

import getpass
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import CommandError, CommandParser

from chat import actions
from chat.management.operator import OperatorCommand
from chat.models import User


class Command(OperatorCommand):
    help = "Registers a user. Asks for the password, or reads it as one line from a pipe."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("nickname", help="1 to 32 characters")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            User(nickname=options["nickname"]).full_clean(exclude=["password"])
            user = actions.register(nickname=options["nickname"], password=read_password())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        sentence = f"Registered {user.nickname} as user {user.pk}."
        self.report(sentence, options, id=user.pk, nickname=user.nickname)


def read_password() -> str:
    """Return the password, typed twice at a terminal or read from a pipe."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass()
    if password != getpass.getpass("Password (again): "):
        raise CommandError("The two passwords differ.")
    return password
