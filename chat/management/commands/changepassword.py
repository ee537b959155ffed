"""`changepassword`: Django's, which also ends tokens."""

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword

from chat.models import Token


class Command(changepassword.Command):
    help = "Changes a user's password and ends all of their tokens."

    def handle(self, *args: Any, **options: Any) -> str | None:
        options["username"] = options["username"] or getpass.getuser()
        message = super().handle(*args, **options)
        Token.objects.filter(user__nickname=options["username"]).delete()
        return message
