"""The program `fake-plex`, and what it prints of itself."""

import re
import subprocess
import sys

FIELD = re.compile(r"    (login|email|password|verification code|Home PIN|token) +(.+)")
ACCOUNT = re.compile(r"  (\S+) \(.+\)")


class Fake:
    """One that runs until the `with` ends: its URL, the file of its authority if any, and its accounts by title."""

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
            sys.exit("FAILED: fake-plex does not say where it is, or who is in it")

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
