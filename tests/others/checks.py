"""All checks, one after another: `checks.py FAKE_PLEX OTHERS`, the paths of the two programs."""

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

# All of it takes a few seconds; what takes longer hangs.
SECONDS = 300


def give_up(*_):
    sys.exit(f"FAILED: ended from outside, or not done after {SECONDS} s")


def main(fake_plex, others):
    # In order, so that no program is left behind.
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
    print("all is well" if tried else "all is well, but for the browser, which was not tried")


if __name__ == "__main__":
    main(*sys.argv[1:])
