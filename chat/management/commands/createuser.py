"""`createuser`."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import CommandError, CommandParser

from chat import actions
from chat.management.operator import OperatorCommand, read_password
from chat.models import User


class Command(OperatorCommand):
    help = "Registers a user. Asks for the password, or reads it as one line from a pipe."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("nickname", metavar="NICKNAME", help="1 to 32 characters")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            User(nickname=options["nickname"]).full_clean(exclude=["password"])
            user = actions.register(nickname=options["nickname"], password=read_password())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        sentence = f"Registered {user.nickname} as user {user.pk}."
        self.report(sentence, options, id=user.pk, nickname=user.nickname)
