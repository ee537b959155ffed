"""`contract`: holds any server to the contract, from outside."""

import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandParser

OPTIONS = ("url", "wire", "preview_port", "patience")


class Command(BaseCommand):
    help = "Runs the contract suite on a running server, ours or any other."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", required=True, help="such as http://127.0.0.1:8000")
        parser.add_argument("--wire", choices=["json", "socketio"], default="json",
                            help="what its sockets speak")  # fmt: skip
        parser.add_argument("--same-only", action="store_true", help="only what both versions keep")
        parser.add_argument("--preview-port", type=int, help="serve pages for links on this port")
        parser.add_argument("--patience", type=float, help="seconds that anything may take")

    def handle(self, *args: Any, **options: Any) -> None:
        given = {name: options[name] for name in OPTIONS if options[name] is not None}
        words = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
        command = [sys.executable, "-m", "pytest", "comparison/contract", *words]
        command += ["--same-only"] if options["same_only"] else []
        sys.exit(subprocess.call(command, cwd=settings.BASE_DIR))
