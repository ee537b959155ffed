"""The command line of a module that is run: what `--help` prints, and what it takes."""

import argparse
import sys


def arguments(text: str, *optional: str) -> list[str]:
    """Return the arguments, "" for each that is not given; exit for others and after `--help`."""
    module = sys.modules["__main__"].__spec__
    name = module.name.removesuffix(".__main__") if module else sys.argv[0]
    parser = argparse.ArgumentParser(
        prog=f"python -m {name}",
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for each in optional:
        parser.add_argument(each, nargs="?", default="")
    return list(vars(parser.parse_args()).values())
