"""The base of Flack's commands: their options, confirmation and output."""

import getpass
import json
import sys
from argparse import ArgumentTypeError
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

from chat.models import User

# Django's options work as usual, but would hide those of the command in `--help`.
BASE_ARGUMENTS = {
    "--version",
    "--verbosity",
    "--settings",
    "--pythonpath",
    "--traceback",
    "--no-color",
    "--force-color",
}


class OperatorCommand(BaseCommand):
    """A command that prints a sentence, or with `--json` one JSON object for scripts."""

    # They load every view, which takes a third of a command's time; `migrate` and `check` run them.
    requires_system_checks = ()
    suppressed_base_arguments = BASE_ARGUMENTS
    destroys = False  # adds `--yes`; the command calls `confirm` before it deletes anything

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        if self.destroys:
            parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")

    def add_url_argument(self, parser: CommandParser) -> None:
        """Add `--url`, the address of a running Flack."""
        parser.add_argument(
            "--url",
            type=address,
            default=settings.FLACK_URL,
            help="address of the chat (%(default)s)",
        )

    def confirm(self, what: str, options: dict[str, Any]) -> None:
        """Ask a question on stderr unless `--yes` is given; raise CommandError without a yes."""
        if options["yes"]:
            return
        self.stderr.write(f"{what} [y/N] ", self.style.WARNING, ending="")
        self.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise CommandError("Nothing was done.")

    def report(self, sentence: str, options: dict[str, Any], **data: Any) -> None:
        """Print what was done: the sentence, or `data` as JSON."""
        self.stdout.write(json.dumps(data) if options["json"] else sentence)


def address(text: str) -> str:
    """Return an address of a server; raise ArgumentTypeError for any other text."""
    with suppress(ValueError):  # of a port that is no number
        url = urlsplit(text)
        if url.scheme in ("http", "https") and url.hostname and url.port != 0:
            return text
    raise ArgumentTypeError(f"{text!r} is not an address such as http://127.0.0.1:8000")


def seconds(text: str) -> float:
    """Return a time to wait, above 0 and at most a day; raise ArgumentTypeError for other text."""
    with suppress(ValueError):
        if 0 < (number := float(text)) <= 86_400:
            return number
    raise ArgumentTypeError(f"{text!r} is not a number of seconds above 0, at most 86400")


def find_user(nickname: str) -> User:
    """Return the user with a nickname in any composition, or raise CommandError.

    Not in any case, as for sign-in: a command may delete what it finds.
    """
    try:
        user = User.objects.get_by_natural_key(nickname)
    except User.DoesNotExist:
        raise CommandError(f"There is no user {nickname!r}.") from None
    if user.nickname not in (nickname, User.normalize_username(nickname)):
        raise CommandError(f"There is no user {nickname!r}. Did you mean {user.nickname!r}?")
    return user


def read_password() -> str:
    """Return the password, typed twice at a terminal or read as one line from a pipe."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass()
    if password != getpass.getpass("Password (again): "):
        raise CommandError("The two passwords differ.")
    return password


def plural(count: int, word: str) -> str:
    """Return "1 message" or "1,200 messages"."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"
