#!/usr/bin/env bash
# Both transports under load and among faults, at full size, over HTTP and over HTTPS. It takes a minute or two
# beside the build, and another path each time, so it is no part of the short gate; `.ci/examples` plays it small.
set -eu
# Each call that is under way has two connections' ends here, and more while some are being opened.
ulimit -n 4096 2>/dev/null || true

load=(cargo run --locked --release --package plex-auth-tests --example load --)
"${load[@]}"
"${load[@]}" --https load kills restart dropped
