"""Prints a line for each check."""

import sys
from contextlib import contextmanager


def check(what, fact, wanted=True):
    """Prints what was checked, or exits if the fact is not the expected one."""
    if fact != wanted:
        sys.exit(f"FAILED: {what}: got {fact!r}, expected {wanted!r}")
    print(f"ok: {what}", flush=True)


@contextmanager
def refused(what, kind, saying=""):
    """Checks that the block raises exactly this exception, with this text in its message."""
    try:
        yield
    except Exception as error:
        if saying not in str(error):
            sys.exit(f"FAILED: {what}: got {error}, expected {saying!r} in the message")
        check(what, type(error), kind)
    else:
        sys.exit(f"FAILED: {what}: it was not refused")
