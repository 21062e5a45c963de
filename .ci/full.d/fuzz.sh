#!/usr/bin/env bash
# Runs every fuzz target for a while; what it finds today it need not have found yesterday, so it is no part of the
# short gate.
exec .ci/fuzz 120
