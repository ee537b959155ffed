"""What the commands of an operator share: they ask before they destroy, and speak JSON too."""

import json
import sys
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from chat.models import User


class OperatorCommand(BaseCommand):
    """A command for people, and with `--json` for programs."""

    # Django's own options work as ever; in `--help` they would hide those of the command.
    suppressed_base_arguments = {
        "--version",
        "--verbosity",
        "--settings",
        "--pythonpath",
        "--traceback",
        "--no-color",
        "--force-color",
        "--skip-checks",
    }
    destroys = False  # such a command says what it would do, and asks unless `--yes`

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        if self.destroys:
            parser.add_argument("--yes", action="store_true", help="do not ask, as in a script")

    def confirm(self, what: str, options: dict[str, Any]) -> None:
        """Ask for a yes on stderr; raise CommandError without one."""
        if options["yes"]:
            return
        self.stderr.write(f"{what} [y/N] ", self.style.WARNING, ending="")
        self.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise CommandError("Nothing was done.")

    def report(self, sentence: str, options: dict[str, Any], **data: Any) -> None:
        """Say what was done."""
        self.stdout.write(json.dumps(data) if options["json"] else sentence)


def find_user(nickname: str) -> User:
    """Return the user with a nickname, or raise CommandError."""
    try:
        return User.objects.get(nickname=nickname)
    except User.DoesNotExist:
        raise CommandError(f"There is no user {nickname!r}.") from None


def plural(count: int, word: str) -> str:
    """Return "1 message" or "1,200 messages"."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"
