"""`renameuser`."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import CommandError, CommandParser

from chat import actions
from chat.management.operator import OperatorCommand, find_user
from chat.models import User


class Command(OperatorCommand):
    help = "Gives a user another nickname. The user stays signed in."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        user = parser.add_mutually_exclusive_group(required=True)
        user.add_argument("--user", metavar="NICKNAME", help="the user, by nickname")
        user.add_argument("--id", type=int, help="the user, by id")
        parser.add_argument("new", metavar="NEW", help="the new nickname, 1 to 32 characters")

    def handle(self, *args: Any, **options: Any) -> None:
        user = find_user(options["user"]) if options["id"] is None else _by_id(options["id"])
        old = user.nickname
        try:
            actions.change_user(user=user, nickname=options["new"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user.refresh_from_db()
        self.report(
            f"Renamed {old} to {user.nickname}.", options, id=user.pk, nickname=user.nickname
        )


def _by_id(pk: int) -> User:
    user = User.objects.filter(pk=pk).first()
    if user is None:
        raise CommandError(f"There is no user with the id {pk}.")
    return user
