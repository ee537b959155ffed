"""`resetpassword`."""

import secrets
from typing import Any

from django.core.management import CommandParser

from chat import actions
from chat.management.operator import OperatorCommand, find_user, plural


class Command(OperatorCommand):
    help = "Gives a user a random password, printed once, and revokes the user's tokens."
    destroys = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("nickname", metavar="NICKNAME", help="the user")

    def handle(self, *args: Any, **options: Any) -> None:
        user = find_user(options["nickname"])
        tokens = plural(user.tokens.count(), "sign-in")
        self.confirm(f"Replace the password of {user.nickname} and end {tokens}?", options)
        password = secrets.token_urlsafe(12)
        actions.change_user(user=user, password=password)
        sentence = f"The new password of {user.nickname} is {password}"
        self.report(sentence, options, nickname=user.nickname, password=password)
