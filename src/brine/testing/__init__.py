"""Contract suites for potentials, oracles and integrators."""
