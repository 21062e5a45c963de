#!/usr/bin/env bash
# Runs every fuzz target for longer than the short gate does, and from other seeds.
exec .ci/fuzz 600
