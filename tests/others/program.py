"""Runs the program `others`, which makes this library available to Python."""

import json
import subprocess
import sys
import threading
from contextlib import contextmanager

# Long enough for every command on a busy machine. After this time, a command counts as hanging.
SECONDS = 120


class Program:
    def __init__(self, path):
        self.path = path

    def ask(self, *arguments, given=None):
        """Runs a command with this JSON as its input, and returns its JSON output."""
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
        """Runs a command, and yields a function that waits for the next JSON line of its output."""
        process = subprocess.Popen([self.path, *arguments], stdout=subprocess.PIPE, text=True)
        watch = threading.Timer(SECONDS, process.kill)
        watch.start()

        def said():
            line = process.stdout.readline()
            return json.loads(line) if line else sys.exit(f"FAILED: others {arguments[0]} ended early")

        try:
            yield said
        finally:
            watch.cancel()
            process.kill()
            process.wait()
