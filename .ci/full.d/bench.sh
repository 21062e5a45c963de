#!/usr/bin/env bash
# The table of what the library costs, with everything that takes long or hangs on a still machine: sockets, sizes,
# times to build. The short gate holds against what it was only that which is the same each time.
exec .ci/bench
