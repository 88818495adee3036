from brine.dynamics import run_md
from brine.testing.integrator import IntegratorContract


class TestNativeLoop(IntegratorContract):
    def simulate(self, atoms, field, settings):
        return run_md(atoms, field, settings)
