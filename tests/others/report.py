"""A line for each check."""

import sys
from contextlib import contextmanager


def check(what, fact, wanted=True):
    """Prints what was checked; ends everything where the fact is not the wanted one."""
    if fact != wanted:
        sys.exit(f"FAILED: {what}: {fact!r}, where {wanted!r} was wanted")
    print(f"ok: {what}", flush=True)


@contextmanager
def refused(what, kind, saying=""):
    """The same of what must raise exactly this exception, with this in its text."""
    try:
        yield
    except Exception as error:
        if saying not in str(error):
            sys.exit(f"FAILED: {what}: {error}, where {saying!r} was wanted")
        check(what, type(error), kind)
    else:
        sys.exit(f"FAILED: {what}: it was not refused")
