#!/usr/bin/env python
"""Django's command line for Flack."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flack_project.settings")
    # Nothing can be deployed without SECRET_KEY, so its absence means a developer's checkout.
    if "SECRET_KEY" not in os.environ:
        os.environ.setdefault("DEBUG", "1")
    execute_from_command_line(sys.argv)
