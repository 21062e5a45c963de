#!/usr/bin/env bash
# The table of costs: instructions, sockets, sizes, times to build. They need minutes and a quiet machine, and counts of
# instructions depend on the path of the target folder, so that none of them is in the short gate.
exec .ci/bench
