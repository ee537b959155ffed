"""`doctor`."""

import json
from typing import Any

from django.core.management import CommandError, CommandParser

from chat.management.diagnostics import Diagnosis, Problem
from chat.management.operator import OperatorCommand, seconds


class Command(OperatorCommand):
    help = (
        "Sends a probe through nginx, a node, the database, Redis and a Celery worker, and back "
        "over a socket. Prints the time of each hop, or the first problem and its remedy."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--patience",
            type=seconds,
            default=10,
            help="seconds to wait for each hop (%(default)g)",
        )
        self.add_url_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        hops: dict[str, float] = {}

        def found(hop: str, milliseconds: float) -> None:
            hops[hop] = round(milliseconds, 1)
            if not options["json"]:
                self.stdout.write(f"{hop:<24}{milliseconds:8.1f} ms")

        problem = None
        try:
            Diagnosis(options["url"], options["patience"], found).run()
        except Problem as error:
            problem = str(error)
        if options["json"]:
            self.stdout.write(json.dumps({"well": problem is None, "ms": hops, "problem": problem}))
        if problem:
            raise CommandError(problem)
        if not options["json"]:
            self.stdout.write(self.style.SUCCESS("All processes work."))
