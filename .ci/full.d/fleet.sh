#!/usr/bin/env bash
# A million devices for a month, a hundred thousand logins at once, ten thousand servers restarted: all of it in a time
# of its own. It takes one core for half an hour and some gigabytes, so it is no part of the short gate; `.ci/examples`
# plays it small.
set -eu
exec cargo run --locked --release --package plex-auth-tests --example fleet
