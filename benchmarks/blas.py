"""Energy and forces of HKUST-1 with GFN1-xTB: the tblite wheel's BLAS against the one of workers.

Prints wall times of both in one run, and their ratio. Each side runs in a fresh process with one
thread: a first calculation from scratch and one after a small displacement (as for phonons).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

_SIDE = """
import json, sys, time
from reticulum.engines.blas import load_fast_blas, use_one_thread
use_one_thread()
choice = load_fast_blas()
from reticulum.engines.build import evaluate, resolve_engine
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive
engine = resolve_engine("gfn1-xtb")
atoms = symmetrised_primitive(read_structure("HKUST-1")).atoms
calculator = engine.make(atoms)
seconds = []
for shift in (0.0, 0.01):
    moved = atoms.copy()
    moved.positions[0, 0] += shift
    started = time.perf_counter()
    result = evaluate(calculator, moved)
    seconds.append(time.perf_counter() - started)
print(json.dumps({"blas": choice.source, "seconds": seconds, "energy_ev": result.energy_ev}))
"""


def measure(choice: str) -> dict[str, object]:
    """Seconds and energy with one choice of BLAS, in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", _SIDE],
        env={**os.environ, "RETICULUM_BLAS": choice, "PYTHONWARNINGS": "ignore"},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    own, fast = measure("own"), measure("auto")
    for side in (own, fast):
        first, second = side["seconds"]
        print(f"{side['blas']:>8}: first {first:6.2f} s, displaced {second:6.2f} s")
    ratios = [a / b for a, b in zip(own["seconds"], fast["seconds"], strict=True)]
    print(f"ratio own/{fast['blas']}: first {ratios[0]:.2f}, displaced {ratios[1]:.2f}")
    print(f"difference of energies: {abs(own['energy_ev'] - fast['energy_ev']):.1e} eV")


if __name__ == "__main__":
    main()
