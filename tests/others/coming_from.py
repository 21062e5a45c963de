"""Looks up each name of another library that is on the page for users of those libraries."""

import importlib
import re
from pathlib import Path

PAGE = Path(__file__).parent.parent / "examples" / "recipes" / "coming-from.md"

# The modules in which the names in the table with this heading are looked up.
PLACES = {
    "python-plexapi": ["plexapi", "plexapi.myplex", "plexapi.server"],
    "plex-api-client": [
        "plex_api_client",
        "plex_api_client.authentication",
        "plex_api_client.general",
        "plex_api_client.plex",
        "plex_api_client.users",
    ],
}


def left_columns(head):
    """Yields the left column of the table with this heading, row by row."""
    rows = PAGE.read_text(encoding="utf-8").split(f"\n| {head} | here |\n|---|---|\n")[1]
    for row in rows.split("\n\n")[0].splitlines():
        yield row.removeprefix("| ").split(" | ")[0]


def found(modules, name):
    """Returns the value of a name in the first module that has it."""
    first, *rest = name.split(".")
    owners = [module for module in modules if hasattr(module, first)]
    assert owners, f"{name} is not in any of the modules"
    value = getattr(owners[0], first)
    for part in rest:
        assert hasattr(value, part), f"{name} does not exist"
        value = getattr(value, part)
    return value


def check_names():
    looked_up = 0
    for head, places in PLACES.items():
        modules = [importlib.import_module(place) for place in places]
        for column in left_columns(head):
            owner = None
            for code in re.findall(r"`([^`]+)`", column):
                name = code.split("(")[0]
                if name.endswith("="):
                    continue
                # A bare name in lower case is a method of the preceding class.
                if owner and name[0].islower():
                    name = f"{owner}.{name}"
                found(modules, name)
                owner = name.split(".")[0]
                looked_up += 1
    assert looked_up > 50, looked_up
    print(f"ok: all {looked_up} names of python-plexapi and the published SDK on the page exist")
