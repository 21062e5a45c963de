"""Runs the program `fake-plex`, and reads what it prints."""

import re
import subprocess
import sys

FIELD = re.compile(r"    (login|email|password|verification code|Home PIN|token) +(.+)")
ACCOUNT = re.compile(r"  (\S+) \(.+\)")


class Fake:
    """A fake Plex that runs until the `with` block ends, with its URL, CA file (if any), and accounts by title."""

    def __init__(self, program, authority=None):
        self.authority = str(authority) if authority else None
        arguments = ["--https", "--write-ca", self.authority] if authority else []
        self.process = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True)
        self.url = None
        self.accounts = {}
        account = {}
        for line in map(str.rstrip, self.process.stdout):
            if line.startswith("Fake Plex is running at "):
                self.url = line.split()[-1]
            elif found := ACCOUNT.fullmatch(line):
                account = self.accounts.setdefault(found[1], {})
            elif found := FIELD.fullmatch(line):
                account[found[1]] = found[2]
            elif line.startswith("Stop it"):
                break
        if not self.url or not self.accounts:
            self.process.kill()
            sys.exit("FAILED: fake-plex printed no URL, or no accounts")

    @property
    def api(self):
        return f"{self.url}/api/v2"

    @property
    def scheme(self):
        return "HTTPS" if self.authority else "HTTP"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
