"""Fills docs/OPERATIONS.md: `python -m tests.operations` runs each line after a `$` on a Flack of
its own, writes below it what was printed, and takes the pictures.
"""

import os
import platform
import re
import subprocess
import sys
import tempfile
from argparse import SUPPRESS
from pathlib import Path

from django.core.management import load_command_class
from django.core.management.base import DjangoHelpFormatter

from comparison.usage import arguments
from tests.browser.browser import open_browser
from tests.running import BARE, ROOT, Stack

PATH = ROOT / "docs/OPERATIONS.md"
BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
LINE = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
PASSWORD = "staple-battery-horse"
HELP = re.compile(r"python manage.py (\w+) --help")


def help_of(name: str) -> str:
    """Return the help of a command, without the options that Django gives to every one."""
    os.environ |= {"COLUMNS": "100"}
    parser = load_command_class("chat", name).create_parser("manage.py", name)
    for action in parser._actions:
        if set(action.option_strings) & DjangoHelpFormatter.show_last:
            action.help = SUPPRESS
    return parser.format_help()


def lines() -> list[tuple[str, str]]:
    """Return each command line of the document, and the output that the document has for it."""
    found = (LINE.findall(block) for block in BLOCK.findall(PATH.read_text()))
    return [line for block in found for line in block]


def shell(stack: Stack, command: str) -> str:
    """Run a line beside a running Flack, and return what it prints."""
    script = command.replace("python manage.py", f'"{sys.executable}" manage.py')
    done = subprocess.run(
        ["sh", "-c", f'set -a; . "{stack.var}/run.env"; {script}'],
        cwd=ROOT,
        env=BARE
        | {"PYTHONWARNINGS": "ignore::UserWarning:celery.platforms"}
        | {"FLACK_URL": stack.url, "COLUMNS": "100", "TMP": str(stack.var)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=180,
    )
    printed = done.stdout.replace(str(stack.run_dir), "/run/flack").replace(
        stack.url, "http://127.0.0.1:8000"
    )
    printed = printed.replace(str(stack.var), "var").replace(str(ROOT), "/srv/flack")
    # The names of the machine and of its kernel.
    printed = re.sub(r"Linux-\S+?-(x86_64|aarch64)", r"Linux-\1", printed)
    return printed.replace(f"@{platform.node()} ", "@chat ").rstrip()


def fill(stack: Stack) -> None:
    """Write the output of each line."""

    def run(match: re.Match[str]) -> str:
        print(match[1], flush=True)
        found = HELP.fullmatch(match[1])
        printed = help_of(found[1]).rstrip() if found else shell(stack, match[1])
        return f"$ {match[1]}\n{printed}\n"

    text = BLOCK.sub(lambda block: LINE.sub(run, block[0]), PATH.read_text())
    PATH.write_text(text)


def take_pictures(stack: Stack) -> None:
    """Take the pictures of the admin and of the API's page."""
    create = "python manage.py createsuperuser --noinput --nickname admin"
    shell(stack, f"DJANGO_SUPERUSER_PASSWORD={PASSWORD} {create}")
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 1100, "height": 700})
        page.goto(f"{stack.url}/admin/")
        page.get_by_label("Nickname").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.goto(f"{stack.url}/admin/chat/message/")
        page.screenshot(path=PATH.with_name("admin.png"))
        page.goto(f"{stack.url}/api/schema/")
        page.locator("#operations-users-users_list .opblock-summary-control").click()
        page.get_by_text("List users").scroll_into_view_if_needed()
        page.wait_for_timeout(500)
        page.screenshot(path=PATH.with_name("schema.png"))


def main() -> None:
    """Fill the document by a Flack that is started for it."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    with tempfile.TemporaryDirectory(prefix="flack-operations-") as folder:
        stack = Stack(Path(folder))
        try:
            fill(stack)
            take_pictures(stack)
        finally:
            stack.stop()


if __name__ == "__main__":
    arguments(__doc__)
    main()
