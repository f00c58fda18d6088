"""Orderings of the dimers of HKUST-1: reticulum against SHRY, bsym and icet, in one run.

All get the same problem: the 24 dimer centres on 24d of Fm-3m (6 in the primitive cell), with the
centres of the linkers on 32f as markers, so that the bare dimers do not gain symmetry. Each
measurement runs in a fresh process with one thread and prints CPU seconds of the work alone. Like
is compared with like: labels (icet: structures) with labels, and lists in which the space group of
each ordering is named ("+ names", "+ spglib" for peers) with such lists.
Peers that do not fit beside reticulum are found in other environments: ``--peer-python PATH``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from importlib import metadata
from math import comb

from ordering_peers import PEERS, Answer, Side, with_bsym, with_icet, with_shry

#: Name, cell, clusters of Ru (None: every composition), what is asked for, and the peers whose
#: public interface answers it.
PROBLEMS = (
    ("24 dimers, 4 Ru", "conventional", 4, "count", ("SHRY",)),
    ("24 dimers, 4 Ru", "conventional", 4, "labels", ("SHRY", "bsym")),
    ("24 dimers, 12 Ru", "conventional", 12, "count", ("SHRY",)),
    ("24 dimers, 12 Ru", "conventional", 12, "labels", ("SHRY", "bsym")),
    ("6 dimers, 0-6 Ru", "primitive", None, "structures", ("icet",)),
)

#: The best of so many runs counts, unless they take longer than the budget in CPU seconds.
_RUNS = 5
_BUDGET_S = 3.0

#: Seconds (wall) after which a measurement is given up.
_TIMEOUT_S = 900

#: Keeps coordinates that are zero to rounding from being wrapped to one.
_ROUNDING = 1e-9

_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


def peers_problem() -> dict[str, dict[str, list]]:
    """Lattice, dimer centres and markers of both cells, checked to have the parent's symmetry."""
    import numpy as np
    import spglib

    from reticulum.frameworks.reading import read_structure
    from reticulum.ordering.sites import supercell_sites
    from reticulum.ordering.sublattice import cluster_sublattice

    parent = cluster_sublattice(read_structure("HKUST-1"))
    vectors = np.asarray(parent.atoms.cell[:])
    linkers = np.array([linker.centre for linker in parent.graph.linkers]) @ np.linalg.inv(vectors)
    cells = {}
    for name, matrix in (
        ("primitive", np.eye(3, dtype=np.int64)),
        ("conventional", parent.conventional),
    ):
        repeats = supercell_sites(parent, matrix).cells
        groups = []
        for points in (parent.centres, linkers):
            placed = (repeats[:, None, :] + points[None, :, :]).reshape(-1, 3)
            placed = placed @ np.linalg.inv(matrix)
            groups.append((placed + _ROUNDING) % 1.0 - _ROUNDING)
        lattice = matrix @ vectors
        kinds = [1] * len(groups[0]) + [2] * len(groups[1])
        found = spglib.get_symmetry_dataset((lattice, np.vstack(groups), kinds), symprec=1e-5)
        n_operations = parent.order * len(repeats)
        if found.number != parent.space_group_number or len(found.rotations) != n_operations:
            sys.exit(
                f"The markers of the {name} cell have space group {found.international} with "
                f"{len(found.rotations)} operations, not {parent.space_group} with {n_operations}."
            )
        cells[name] = {
            "lattice": lattice.tolist(),
            "dimers": groups[0].tolist(),
            "markers": groups[1].tolist(),
        }
    return cells


def with_reticulum(side: Side) -> Callable[[], Answer]:
    """Everything from the atoms of the parent to the count, the labels or the sorted list."""
    import numpy as np

    from reticulum.frameworks.reading import read_structure
    from reticulum.ordering.order import order
    from reticulum.ordering.orderings import iterate_orderings
    from reticulum.ordering.problem import ordering_problem
    from reticulum.ordering.structures import ordered_structure
    from reticulum.ordering.sublattice import cluster_sublattice

    atoms = read_structure("HKUST-1")

    def work() -> Answer:
        parent = cluster_sublattice(atoms)
        matrix = parent.conventional if side.cell == "conventional" else np.eye(3, dtype=np.int64)
        if side.asked == "count":
            result = order(parent, matrix, {"Ru": side.counts}, count_only=True)
            return Answer(result.n_inequivalent, [], [])
        if side.named:
            orderings = order(parent, matrix, {"Ru": side.counts}).orderings
        else:
            problems = (ordering_problem(parent, matrix, {"Ru": n}) for n in side.counts)
            orderings = [found for problem in problems for found in iterate_orderings(problem)]
        if side.asked == "structures":
            _ = [ordered_structure(found) for found in orderings]
        groups = [found.symmetry.space_group_number for found in orderings] if side.named else []
        return Answer(len(orderings), [found.multiplicity for found in orderings], groups)

    return work


def dimers_by_reticulum(side: Side) -> Callable[[], Answer]:
    """Only the part of it that peers are spared: symmetry and dimers of the 156 atoms."""
    from reticulum.frameworks.reading import read_structure
    from reticulum.ordering.sublattice import cluster_sublattice

    atoms = read_structure("HKUST-1")
    return lambda: Answer(cluster_sublattice(atoms).n_sites, [], [])


SIDES = {
    "reticulum": with_reticulum,
    "dimers": dimers_by_reticulum,
    "SHRY": with_shry,
    "bsym": with_bsym,
    "icet": with_icet,
}


def measured(request: dict) -> dict[str, object]:
    """CPU seconds, count and multiplicities of one side, in this process."""
    work = SIDES[request.pop("program")](Side(**request))
    before = peak_mb()
    seconds: list[float] = []
    while len(seconds) < _RUNS and sum(seconds) < _BUDGET_S:
        started = time.process_time()
        answer = work()
        seconds.append(time.process_time() - started)
    return {
        "seconds": min(seconds),
        "count": answer.count,
        "multiplicities": sorted(answer.multiplicities),
        "space_groups": sorted(answer.space_groups),
        "memory_mb": [before, peak_mb()],
    }


def peak_mb() -> float:
    """Largest memory of this process so far, MB (Linux counts in kB, macOS in bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1e6 if sys.platform == "darwin" else 1e3
    )


def versions() -> dict[str, str]:
    """Peers of this interpreter."""
    found = {}
    for program, (distribution, _) in PEERS.items():
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[program] = metadata.version(distribution)
    return found


def reply() -> None:
    """Do what is asked on standard input; what programs print goes to standard error."""
    request = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):
        result = measured(request) if request else versions()
    print(json.dumps(result))


def asked(python: str, request: dict) -> dict:
    """Answer of an interpreter's fresh process; ``{"failed": reason}`` if there is none."""
    try:
        done = subprocess.run(
            [python, __file__, "--answer"],
            env={**os.environ, **_ONE_THREAD, "PYTHONWARNINGS": "ignore"},
            input=json.dumps(request),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except OSError as error:
        return {"failed": str(error)}
    except subprocess.TimeoutExpired:
        return {"failed": f"given up after {_TIMEOUT_S} s"}
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        return {"failed": lines[-1]}
    return json.loads(done.stdout)


def found_peers(pythons: list[str]) -> dict[tuple[str, str], str]:
    """Interpreter of each peer and version; what is missing is named."""
    found: dict[tuple[str, str], str] = {}
    for python in pythons:
        here = asked(python, {})
        if "failed" in here:
            sys.exit(f"{python} does not run this script: {here['failed']}")
        for program, version in here.items():
            found.setdefault((program, version), python)
    for program, (_, command) in PEERS.items():
        if not any(name == program for name, _ in found):
            print(f"{program} is not installed and left out; to install it: {command}")
            if program == "SHRY":
                print("  (SHRY 1.1 needs numpy < 2: put it into an environment of its own and give")
                print("  --peer-python PATH/bin/python; shry==1.2.0b2 fits beside reticulum)")
    return dict(sorted(found.items()))


def disagreement(ours: dict, theirs: dict) -> str:
    """Why two answers are not the same; empty if they are."""
    if ours["count"] != theirs["count"]:
        return f"counts differ: {ours['count']} and {theirs['count']}"
    for what in ("multiplicities", "space_groups"):
        mine, other = Counter(ours[what]), Counter(theirs[what])
        if other and mine != other:
            return f"{what} differ: {dict(mine - other)} and {dict(other - mine)}"
    return ""


def row(problem: str, program: str, result: dict, ours: dict) -> str:
    """One line of the table."""
    start = f"{problem:<29} {program:<23}"
    if "failed" in result:
        return f"{start} failed: {result['failed']}"
    ratio = result["seconds"] / ours["seconds"]
    return f"{start} {result['seconds']:8.3f} {ratio:6.2f} {result['count']:7,}"


def main(pythons: list[str]) -> int:
    peers = found_peers(pythons)
    cells = peers_problem()
    own = f"reticulum {metadata.version('reticulum')}"
    wrong = []
    print(f"{'problem':<29} {'program':<23} {'CPU s':>8} {'ratio':>6} {'count':>7}")
    for name, cell, n_ru, what, answering in PROBLEMS:
        sites = cells[cell]
        total = 2 ** len(sites["dimers"]) if n_ru is None else comb(len(sites["dimers"]), n_ru)
        for named in (False, True) if what != "count" else (False,):
            problem = f"{name}, {what}"
            task = {"sites": sites, "cell": cell, "n_ru": n_ru, "asked": what, "named": named}
            ours = asked(sys.executable, task | {"program": "reticulum"})
            if "failed" in ours:
                sys.exit(f"{problem}: reticulum failed: {ours['failed']}")
            if what != "count" and sum(ours["multiplicities"]) != total:
                wrong.append(f"{problem}: our multiplicities do not add up to {total:,}")
            print(row(problem, own + " + names" * named, ours, ours), flush=True)
            for (program, version), python in peers.items():
                if program not in answering:
                    continue
                label = f"{program} {version}" + " + spglib" * named
                theirs = asked(python, task | {"program": program})
                print(row(problem, label, theirs, ours), flush=True)
                reason = theirs.get("failed") or disagreement(ours, theirs)
                if reason:
                    wrong.append(f"{problem}: {label}: {reason}")
    everything = {"sites": cells["conventional"], "cell": "conventional", "n_ru": None}
    everything |= {"asked": "labels", "named": True, "program": "reticulum"}
    longest = asked(sys.executable, everything)
    print(row("24 dimers, 0-24 Ru, labels", own + " + names", longest, longest))
    spared = asked(sys.executable, task | {"program": "dimers"})
    verdict = "DISAGREE, see below" if wrong else "agree" if peers else "not compared"
    before, peak = longest["memory_mb"]
    print(
        f"\nCounts, multiplicities and space groups: {verdict}."
        f"\nBest of up to {_RUNS} runs in a process of its own, one thread, without imports; "
        "ratio: to reticulum\nthat does as much. reticulum starts from the atoms of the parent: "
        f"{spared['seconds']:.3f} s find symmetry and dimers,\nwhich peers are spared. + names: "
        "sorted list with multiplicities, indices and space groups.\nSHRY and bsym give labels "
        "and multiplicities, icet structures; + spglib: space groups too."
        f"\nMemory of the longest list: {before:.0f} MB before, {peak:.0f} MB at most."
    )
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--peer-python",
        metavar="PATH",
        action="append",
        default=[],
        help="an interpreter in which peers are installed; may be repeated",
    )
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.answer:
        reply()
    else:
        sys.exit(main([sys.executable, *arguments.peer_python]))
