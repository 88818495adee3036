"""The hot loops, in C++. Every function here takes and returns plain arrays."""

import os

if "OMP_WAIT_POLICY" not in os.environ:
    # By default OpenMP's threads wait in a loop for milliseconds. Beside another
    # program that takes the very core the others wait for: forces take twice as long.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
