"""Runs all checks in sequence. Usage: `checks.py FAKE_PLEX OTHERS`, with the paths of the two programs."""

import signal
import sys
import tempfile
from pathlib import Path

import browser
import coming_from
import jwts
import plexapi_client
import sdk_client
from fake import Fake
from program import Program

# The checks take a few seconds. After this time, they count as hanging.
SECONDS = 300


def give_up(*_):
    sys.exit(f"FAILED: terminated, or not finished after {SECONDS} s")


def main(fake_plex, others):
    # Exit with an exception, so that the `with` blocks end the programs that they started.
    signal.signal(signal.SIGTERM, give_up)
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(SECONDS)
    program = Program(others)
    coming_from.check_names()
    jwts.check_jwts(program)
    with tempfile.TemporaryDirectory() as folder:
        for authority in [None, Path(folder) / "authority.pem"]:
            with Fake(fake_plex, authority) as fake:
                plexapi_client.check_plexapi(fake)
                sdk_client.check_sdk(fake)
    with Fake(fake_plex) as fake:
        tried = browser.check_browser(fake, program)
    print("all checks passed" if tried else "all checks passed, but the browser checks were skipped")


if __name__ == "__main__":
    main(*sys.argv[1:])
