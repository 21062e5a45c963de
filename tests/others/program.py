"""The program `others`, which does what this library does."""

import json
import subprocess
import sys
import threading
from contextlib import contextmanager

# Long enough for any of it on a busy machine; what takes longer hangs.
SECONDS = 120


class Program:
    def __init__(self, path):
        self.path = path

    def ask(self, *arguments, given=None):
        """Its answer to what it is given."""
        done = subprocess.run(
            [self.path, *arguments],
            input=None if given is None else json.dumps(given),
            capture_output=True,
            check=False,
            text=True,
            timeout=SECONDS,
        )
        if done.returncode:
            sys.exit(f"FAILED: others {arguments[0]}: {done.stderr}")
        return json.loads(done.stdout)

    @contextmanager
    def running(self, *arguments):
        """A function that waits for the next thing that it says."""
        process = subprocess.Popen([self.path, *arguments], stdout=subprocess.PIPE, text=True)
        watch = threading.Timer(SECONDS, process.kill)
        watch.start()

        def said():
            line = process.stdout.readline()
            return json.loads(line) if line else sys.exit(f"FAILED: others {arguments[0]} has ended")

        try:
            yield said
        finally:
            watch.cancel()
            process.kill()
            process.wait()
