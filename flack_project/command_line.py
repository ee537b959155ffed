"""The command line of manage.py: Django's, with Flack's commands first and errors in one line."""

import os
import sys

from django.apps import apps
from django.core.management import ManagementUtility, get_commands, load_command_class
from django.core.management.color import color_style
from django.db import Error


class CommandLine(ManagementUtility):
    """Django's command line, whose help lists Flack's commands first."""

    def main_help_text(self, commands_only: bool = False) -> str:
        """Return the names of all commands, with a summary of those of Flack."""
        text = super().main_help_text(commands_only)
        if commands_only or not apps.ready:
            return text
        heading = color_style().NOTICE("[chat]")
        intro, *groups = text.split("\n\n")
        others = [group for group in groups if not group.startswith(heading)]
        lines = [heading.replace("chat", "Flack")]
        for name in sorted(name for name, app in get_commands().items() if app == "chat"):
            sentence = load_command_class("chat", name).help.partition(". ")[0].removesuffix(".")
            lines.append(f"    {name:<16}{sentence}")
        return "\n\n".join([intro, others[0], "\n".join(lines), *others[1:]])


def main(arguments: list[str]) -> None:
    """Run a command. Under `make manage` its status is 0 or 1: make prints a line after others."""
    try:
        run(arguments)
    except SystemExit as end:
        if isinstance(end.code, int) and end.code > 1 and "UNDER_MAKE" in os.environ:
            sys.exit(1)
        raise


def run(arguments: list[str]) -> None:
    """Run a command; an interruption or a database that fails ends it with one sentence."""
    try:
        CommandLine(arguments).execute()
    except (KeyboardInterrupt, EOFError):  # Ctrl-C, or Ctrl-D instead of a password
        print("\nInterrupted.", file=sys.stderr)
        sys.exit(130)  # as for any program that SIGINT ends
    except Error as error:
        if "--traceback" in arguments:
            raise
        sys.exit(f"The database failed ({' '.join(str(error).split()).rstrip('.')}).")
