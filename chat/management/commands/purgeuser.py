"""`purgeuser`."""

from typing import Any

from django.core.management import CommandParser

from chat import moderation
from chat.management.operator import OperatorCommand, find_user, plural


class Command(OperatorCommand):
    help = "Deletes a user with all their messages, also from open pages. There is no undo."
    destroys = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("nickname", metavar="NICKNAME", help="the user to delete")

    def handle(self, *args: Any, **options: Any) -> None:
        user = find_user(options["nickname"])
        pk, messages = user.pk, user.messages.count()
        what = f"{user.nickname} (user {pk}) with {plural(messages, 'message')}"
        self.confirm(f"Delete {what} for ever?", options)
        moderation.delete_user(user=user)
        self.report(f"Deleted {what}.", options, user=pk, messages=messages)
