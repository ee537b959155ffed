"""`changepassword`, which replaces Django's: that one leaves the user's sign-ins valid."""

import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import CommandError, CommandParser

from chat import actions
from chat.management.operator import OperatorCommand, find_user, read_password


class Command(OperatorCommand):
    help = (
        "Changes a user's password and ends all of the user's sign-ins. Asks for the password, or "
        "reads it as one line from a pipe."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "nickname",
            nargs="?",
            metavar="NICKNAME",
            help="the user; the name of the system account if omitted",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = find_user(options["nickname"] or getpass.getuser())
        password = read_password()
        try:
            actions.change_user(user=user, password=password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        sentence = f"Changed the password of {user.nickname}."
        self.report(sentence, options, nickname=user.nickname)
