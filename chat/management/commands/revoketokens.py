"""`revoketokens`."""

from typing import Any

from django.core.management import CommandError, CommandParser

from chat import actions
from chat.management.operator import OperatorCommand, find_user, plural
from chat.models import Token, User


class Command(OperatorCommand):
    help = "Revokes the tokens of one user or of all users and closes their sockets."
    destroys = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("nickname", nargs="?", metavar="NICKNAME", help="the user")
        parser.add_argument("--all", action="store_true", help="revoke the tokens of all users")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["nickname"]) == options["all"]:
            raise CommandError("Give one nickname, or --all.")
        if options["all"]:
            users, whose = User.objects.all(), "all users"
        else:
            user = find_user(options["nickname"])
            users, whose = User.objects.filter(pk=user.pk), user.nickname
        tokens = Token.objects.filter(user__in=users).count()
        self.confirm(f"End {plural(tokens, 'sign-in')} of {whose}?", options)
        ended = actions.end_sign_ins(users=users)
        self.report(f"Ended {plural(ended, 'sign-in')} of {whose}.", options, ended=ended)
