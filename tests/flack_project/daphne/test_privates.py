"""Tests of flack_project/daphne/privates.py: the private names that it lists exist."""

import pkgutil
from importlib.metadata import version
from inspect import isclass, isfunction
from pathlib import Path

import pytest

from flack_project.daphne.privates import NAMES

HERE = "flack_project/daphne/privates.py"


def has(owner, name):
    """Return True if a module or class has a name, or its methods use one of their instance."""
    methods = filter(isfunction, vars(owner).values()) if isclass(owner) else ()
    return hasattr(owner, name) or any(name in method.__code__.co_names for method in methods)


def missing(names):
    """Return one sentence for each name that does not exist."""
    return [
        f"{library} {version(library)} has no {owner}.{name} any more: adapt {HERE}, "
        f"or lower the upper bound of {library} in pyproject.toml."
        for library, owner, name in names
        if not has(pkgutil.resolve_name(owner), name)
    ]


def test_every_private_name_exists():
    assert not missing(NAMES), "\n".join(missing(NAMES))


@pytest.mark.parametrize("owner", ["daphne.server", "daphne.server.Server"])
def test_a_name_that_disappeared_is_reported_with_its_library_and_version(owner):
    (sentence,) = missing([*NAMES, ("daphne", owner, "_vanished")])
    assert f"daphne {version('daphne')} has no {owner}._vanished any more" in sentence


def test_no_other_module_uses_a_private_name():
    folder = Path(__file__).parents[3] / "flack_project"
    private = {name for _, _, name in NAMES if name.startswith("_")} | {"payloadHybi"}
    for path in folder.rglob("*.py"):
        if path.name != "privates.py":
            assert not [name for name in private if name in path.read_text()], path
