#!/usr/bin/env python
"""Django's command line for Flack."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flack_project.settings")
    # Deployments set SECRET_KEY, so without it this is a developer's checkout.
    if not {"SECRET_KEY", "SECRET_KEY_FILE"} & os.environ.keys():
        os.environ.setdefault("DEBUG", "1")
    from flack_project.command_line import main

    main(sys.argv)
