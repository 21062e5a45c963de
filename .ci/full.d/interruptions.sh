#!/usr/bin/env bash
# Interrupts the tool's prompt 2,000 times while every core is busy. It takes several minutes, so it is not part of the
# short gate, which does it 27 times.
set -eu
busy=()
trap 'kill "${busy[@]}"' EXIT
for _ in $(seq "$(getconf _NPROCESSORS_ONLN)"); do
    yes >/dev/null &
    busy+=($!)
done
PLEX_AUTH_TEST_INTERRUPTIONS=2000 cargo test --locked --package plex-auth --test tool \
    an_interruption_always_restores_the_terminal
