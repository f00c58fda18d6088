"""Forces of a live calculator kept in memory: what a run's store does, without a database."""

from __future__ import annotations

import time

from reticulum.engines.build import evaluate
from reticulum.engines.executor import ForceResult, Silent
from reticulum.engines.store import calculation_key


class MemoryRunner:
    """Stands in for `ForceRunner` where a test needs thousands of forces."""

    workers = 1

    def __init__(self, engine, progress=None):
        self.engine = engine
        self.progress = progress or Silent()
        self.known = {}
        self.n_computed = self.n_reused = 0

    def evaluate(self, structures, *, kind, show=True):
        found = []
        for atoms in structures:
            key = calculation_key(atoms, self.engine.fingerprint(atoms).digest)
            reused = key in self.known
            if reused:
                self.n_reused += 1
            else:
                started = time.perf_counter()
                self.known[key] = evaluate(self.engine.make(atoms), atoms, stress=False)
                self.n_computed += 1
                spent = time.perf_counter() - started
            found.append(
                ForceResult(
                    result=self.known[key], key=key, reused=reused, seconds=0.0 if reused else spent
                )
            )
        return tuple(found)

    def expected_seconds(self):
        return 0.001
