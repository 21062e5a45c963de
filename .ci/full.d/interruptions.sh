#!/usr/bin/env bash
# Interrupts the tool's prompt 2,000 times, which takes several minutes. The short gate does it 27 times.
set -eu
PLEX_AUTH_TEST_INTERRUPTIONS=2000 cargo test --locked --package plex-auth --test tool \
    an_interruption_always_restores_the_terminal
