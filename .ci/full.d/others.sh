#!/usr/bin/env bash
# What others wrote, against the fake Plex: it needs Python and packages from elsewhere, and a browser where there is
# one, so that it is no part of the short gate.
exec tests/others/run
