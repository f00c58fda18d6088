"""Orderings of the dimers of HKUST-1: reticulum against SHRY, bsym and icet, in one run.

All get the same problem: the 24 dimer centres on 24d of Fm-3m (6 in the primitive cell), with the
centres of the linkers on 32f as markers, so that the bare dimers do not gain symmetry. Each
measurement runs in a fresh process with one thread and prints CPU seconds of the work alone. Peers
stop at labels; "+ spglib" names the space group of each as well, which is what reticulum gives.
Peers that do not fit beside reticulum are found in other environments: ``--peer-python PATH``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from importlib import metadata
from math import comb
from typing import Any, NamedTuple

#: Distribution and pip command of each peer.
PEERS = {
    "SHRY": ("shry", "python -m pip install shry"),
    "bsym": ("bsym", "python -m pip install bsym"),
    "icet": ("icet", "python -m pip install icet"),
}

#: Name, cell, clusters of Ru (None: every composition), whether they are listed, and the peers
#: whose public interface answers it.
PROBLEMS = (
    ("24 dimers, 4 Ru, count", "conventional", 4, False, ("SHRY",)),
    ("24 dimers, 4 Ru, list", "conventional", 4, True, ("SHRY", "bsym")),
    ("24 dimers, 12 Ru, count", "conventional", 12, False, ("SHRY",)),
    ("24 dimers, 12 Ru, list", "conventional", 12, True, ("SHRY", "bsym")),
    ("6 dimers, 0-6 Ru, list", "primitive", None, True, ("icet",)),
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


class Side(NamedTuple):
    """What a program is to do: its input, and how far it goes."""

    sites: dict[str, Any]
    cell: str
    n_ru: int | None
    listed: bool
    named: bool


class Answer(NamedTuple):
    """What a program found; lists are empty where it was not asked or does not say."""

    count: int
    multiplicities: list[int]
    space_groups: list[int]


def space_groups(side: Side, labels: Iterable[Sequence[int]]) -> list[int]:
    """Space group numbers by spglib, for labels of the dimers; the markers are kept."""
    import spglib

    positions = side.sites["dimers"] + side.sites["markers"]
    rest = [6] * len(side.sites["markers"])
    return [
        _number(spglib.get_spacegroup((side.sites["lattice"], positions, [*chosen, *rest]), 1e-3))
        for chosen in labels
    ]


def _number(text: str) -> int:
    """Number of a space group written as in ``I4/mmm (139)``."""
    return int(text[text.rindex("(") + 1 : -1])


def with_reticulum(side: Side) -> Callable[[], Answer]:
    """Everything from the atoms of the parent to the sorted list with space groups."""
    import numpy as np

    from reticulum.frameworks.reading import read_structure
    from reticulum.ordering.order import order
    from reticulum.ordering.sublattice import cluster_sublattice

    atoms = read_structure("HKUST-1")

    def work() -> Answer:
        parent = cluster_sublattice(atoms)
        matrix = parent.conventional if side.cell == "conventional" else np.eye(3, dtype=np.int64)
        counts = range(parent.n_sites + 1) if side.n_ru is None else (side.n_ru,)
        result = order(parent, matrix, {"Ru": tuple(counts)}, count_only=not side.listed)
        rows = [
            (o.multiplicity, o.symmetry.space_group_number, o.symmetry.space_group)
            for o in result.orderings
        ]
        count = len(rows) if side.listed else result.n_inequivalent
        return Answer(count, [entry[0] for entry in rows], [entry[1] for entry in rows])

    return work


def dimers_by_reticulum(side: Side) -> Callable[[], Answer]:
    """Only the part of it that peers are spared: symmetry and dimers of the 156 atoms."""
    from reticulum.frameworks.reading import read_structure
    from reticulum.ordering.sublattice import cluster_sublattice

    atoms = read_structure("HKUST-1")
    return lambda: Answer(cluster_sublattice(atoms).n_sites, [], [])


def with_shry(side: Side) -> Callable[[], Answer]:
    """Pólya count, or letters and weights of all patterns."""
    from pymatgen.core import Structure
    from shry import Substitutor

    sites = side.sites
    share = side.n_ru / len(sites["dimers"])
    structure = Structure(
        sites["lattice"],
        [{"Cu": 1 - share, "Ru": share}] * len(sites["dimers"]) + ["C"] * len(sites["markers"]),
        sites["dimers"] + sites["markers"],
    )

    def work() -> Answer:
        substitutor = Substitutor(structure)
        if not side.listed:
            return Answer(int(substitutor.count()), [], [])
        patterns = [
            (packet["letter"], int(packet["weight"]))
            for packet in substitutor.quantities(("letter", "weight"))
        ]
        labels = (letters.encode() for letters, _ in patterns)
        named = space_groups(side, labels) if side.named else []
        return Answer(len(patterns), [weight for _, weight in patterns], named)

    return work


def with_bsym(side: Side) -> Callable[[], Answer]:
    """Configurations with their multiplicities."""
    from bsym.interface.pymatgen import configuration_space_from_structure
    from pymatgen.core import Structure

    sites = side.sites
    n_sites = len(sites["dimers"])
    structure = Structure(
        sites["lattice"],
        ["Cu"] * n_sites + ["C"] * len(sites["markers"]),
        sites["dimers"] + sites["markers"],
    )
    subset = list(structure.indices_from_symbol("Cu"))

    def work() -> Answer:
        space = configuration_space_from_structure(structure, subset=subset)
        found = space.unique_configurations({29: n_sites - side.n_ru, 44: side.n_ru})
        labels = (configuration.tolist() for configuration in found)
        named = space_groups(side, labels) if side.named else []
        return Answer(len(found), [int(configuration.count) for configuration in found], named)

    return work


def with_icet(side: Side) -> Callable[[], Answer]:
    """Structures of every composition, without multiplicities."""
    import spglib
    from ase import Atoms
    from icet.tools import enumerate_structures

    sites = side.sites
    n_sites, n_markers = len(sites["dimers"]), len(sites["markers"])
    atoms = Atoms(
        ["Cu"] * n_sites + ["C"] * n_markers,
        scaled_positions=sites["dimers"] + sites["markers"],
        cell=sites["lattice"],
        pbc=True,
    )
    symbols = [["Cu", "Ru"]] * n_sites + [["C"]] * n_markers

    def work() -> Answer:
        found = list(enumerate_structures(atoms, sizes=[1], chemical_symbols=symbols))
        named = []
        if side.named:
            for entry in found:
                cell = (entry.cell[:], entry.get_scaled_positions(), entry.numbers)
                named.append(_number(spglib.get_spacegroup(cell, 1e-3)))
        return Answer(len(found), [], named)

    return work


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
    }


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
    start = f"{problem:<24} {program:<22}"
    if "failed" in result:
        return f"{start} failed: {result['failed']}"
    ratio = result["seconds"] / ours["seconds"]
    return f"{start} {result['seconds']:8.3f} {ratio:6.2f} {result['count']:7,}"


def main(pythons: list[str]) -> int:
    peers = found_peers(pythons)
    problem = peers_problem()
    wrong = []
    print(f"{'problem':<24} {'program':<22} {'CPU s':>8} {'ratio':>6} {'count':>7}")
    for name, cell, n_ru, listed, answering in PROBLEMS:
        sites = problem[cell]
        task = {"sites": sites, "cell": cell, "n_ru": n_ru, "listed": listed, "named": False}
        ours = asked(sys.executable, task | {"program": "reticulum"})
        if "failed" in ours:
            sys.exit(f"{name}: reticulum failed: {ours['failed']}")
        total = 2 ** len(sites["dimers"]) if n_ru is None else comb(len(sites["dimers"]), n_ru)
        if listed and sum(ours["multiplicities"]) != total:
            wrong.append(f"{name}: our multiplicities do not add up to {total:,}")
        print(row(name, f"reticulum {metadata.version('reticulum')}", ours, ours), flush=True)
        for (program, version), python in peers.items():
            if program not in answering:
                continue
            for named in (False, True) if listed else (False,):
                label = f"{program} {version}{' + spglib' if named else ''}"
                theirs = asked(python, task | {"program": program, "named": named})
                print(row(name, label, theirs, ours), flush=True)
                reason = theirs.get("failed") or disagreement(ours, theirs)
                if reason:
                    wrong.append(f"{name}: {label}: {reason}")
    spared = asked(sys.executable, task | {"program": "dimers"})
    verdict = "DISAGREE, see below" if wrong else "agree" if peers else "not compared"
    print(
        f"\nCounts, multiplicities and space groups: {verdict}."
        f"\nBest of up to {_RUNS} runs in a process of its own, one thread, without imports; "
        "ratio: to reticulum."
        "\nreticulum: from the 156 atoms of the parent to the sorted list with multiplicities and"
        f"\nspace groups; {spared['seconds']:.3f} s of it find symmetry and dimers of the atoms, "
        "which peers are spared."
        "\nSHRY and bsym give labels and multiplicities, icet structures; + spglib: space groups "
        "too."
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
