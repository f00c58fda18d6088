"""Gamma phonons at several volumes: the cell relaxed at each fixed volume, then the positions.

Every force calculation goes through the store of the run, so a series that was killed goes on
from there. The phonons of each volume lie in a folder of their own below the run folder.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reticulum.durations import in_words
from reticulum.engines.executor import ForceRunner
from reticulum.errors import CalculationError, InputError
from reticulum.frameworks.symmetry import CrystalSymmetry
from reticulum.phonons.folder import LAYOUT, RunFolder
from reticulum.phonons.modes import ModeTable, mode_table
from reticulum.phonons.relaxation import relax
from reticulum.phonons.run import Run, phonons_at
from reticulum.provenance import write_json

if TYPE_CHECKING:
    from ase import Atoms

#: Strains of the volume, the relaxed one left out: enough for a measured expansion.
TWO_STRAINS: tuple[float, ...] = (-0.01, 0.01)

#: Strains from which an expansion is computed, and which show how far one step can be trusted.
FOUR_STRAINS: tuple[float, ...] = (-0.02, -0.01, 0.01, 0.02)

#: Largest strain of the volume that is taken: beyond, bonds of the framework break or buckle.
LARGEST_STRAIN = 0.10

#: Smallest distance of two strains: below, the noise of forces decides.
SMALLEST_STRAIN = 1e-4

#: Steps that a relaxation at a new volume takes, for the estimate of the cost; HKUST-1 and MOF-5
#: take 10 to 35.
_EXPECTED_STEPS = 20

#: Folder of the series below the run folder.
SERIES_FOLDER = "quasi-harmonic"


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumePoint:
    """The crystal at one volume.

    Parameters
    ----------
    strain
        Volume over that of the run, minus one.
    volume_a3
        Volume of the primitive cell, Å³.
    energy_ev
        Energy of the primitive cell, eV.
    table
        Its Gamma modes.
    n_calls
        Force calculations, stored ones included.

    """

    strain: float
    volume_a3: float
    energy_ev: float
    table: ModeTable
    n_calls: int

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "strain": self.strain,
            "volume_a3": self.volume_a3,
            "energy_ev": self.energy_ev,
            "n_imaginary_modes": self.table.n_imaginary_modes,
            "cell_lengths_a": [float(x) for x in self.table.phonons.atoms.cell.lengths()],
            "cell_angles_deg": [float(x) for x in self.table.phonons.atoms.cell.angles()],
            "n_calls": self.n_calls,
        }


def checked_strains(strains: Sequence[float]) -> tuple[float, ...]:
    """Strains of the volume in ascending order, without the relaxed volume.

    Raises
    ------
    InputError
        If one is zero, no number or too large, two are equal, or all have one sign.

    """
    values = tuple(sorted(float(strain) for strain in strains))
    for value in values:
        if not (math.isfinite(value) and SMALLEST_STRAIN <= abs(value) <= LARGEST_STRAIN):
            raise InputError(
                f"The strain {value:g} of the volume cannot be used.",
                why=f"A strain lies between {SMALLEST_STRAIN:g} and {LARGEST_STRAIN:g}, of either "
                "sign; the relaxed volume itself is always there.",
                fix="Give -0.01 and 0.01, for instance.",
            )
    if any(b - a < SMALLEST_STRAIN for a, b in pairwise(values)):
        raise InputError("A strain of the volume is given twice.", fix="Give each once.")
    if not values or values[0] > 0.0 or values[-1] < 0.0:
        raise InputError(
            f"The strains {', '.join(f'{value:g}' for value in values) or '(none)'} lie on one "
            "side of the relaxed volume.",
            why="A derivative is taken across it.",
            fix="Give at least one negative and one positive strain.",
        )
    return values


def n_free_strains(symmetry: CrystalSymmetry) -> int:
    """Number of independent strains of the cell that the point group allows (cubic: 1)."""
    rotations = symmetry.cartesian_rotations
    traces = np.trace(rotations, axis1=1, axis2=2)
    squares = np.trace(rotations @ rotations, axis1=1, axis2=2)
    return round(float(np.mean(0.5 * (traces**2 + squares))))


def scaled_to_volume(atoms: Atoms, strain: float) -> Atoms:
    """Copy of a crystal with its volume changed and its shape and fractional positions kept."""
    scaled = atoms.copy()
    scaled.set_cell(atoms.cell[:] * (1.0 + strain) ** (1.0 / 3.0), scale_atoms=True)
    return scaled


def volume_series(
    run: Run, table: ModeTable, strains: Sequence[float], *, relax_shape: bool = True
) -> tuple[VolumePoint, ...]:
    """Gamma modes of the crystal at several volumes, that of the run among them.

    Parameters
    ----------
    run
        An open run.
    table
        Its modes.
    strains
        Strains of the volume.
    relax_shape
        Relax the shape of the cell at each volume where the crystal system leaves it free, at the
        volume of the run too if the run kept its cell; otherwise the shape is kept.

    Returns
    -------
    tuple
        In the order of volume.

    Raises
    ------
    InputError
        If the strains make no sense, the run did not relax its positions, or the shape is to be
        relaxed and the calculator gives no stress.
    CalculationError
        If a calculation failed or the crystal left its space group; all that finished is kept.

    """
    wanted = checked_strains(strains)
    if table.phonons.relaxation is None:
        raise InputError(
            "The positions of this run were not relaxed.",
            why="They are relaxed at every other volume, so the volumes could not be compared.",
            fix="Make the run without --no-relax.",
        )
    symmetry = table.phonons.symmetry
    with_shape = relax_shape and n_free_strains(symmetry) > 1
    if with_shape and "stress" not in run.engine.card.gives:
        raise InputError(
            f"The calculator {run.engine.name} gives no stress.",
            why=f"The shape of a cell of {symmetry.symbol} is free at each volume, and relaxing it "
            "needs the stress.",
            fix="Use a calculator with stress, or from Python QuasiHarmonicOptions("
            "relax_shape=False).",
        )
    # A shape that only the other volumes may relax would put a kink into the series.
    again = with_shape and not table.phonons.relaxation["cell_relaxed"]
    computed = tuple(sorted((*wanted, 0.0))) if again else wanted
    _announce(run, table, computed, with_shape=with_shape)
    points = [_point(run, table, strain, with_shape=with_shape) for strain in computed]
    if not again:
        points.append(
            VolumePoint(
                strain=0.0,
                volume_a3=float(table.phonons.atoms.get_volume()),
                energy_ev=float(table.phonons.relaxation["energy_ev"]),
                table=table,
                n_calls=0,
            )
        )
    return tuple(sorted(points, key=lambda point: point.strain))


def _announce(run: Run, table: ModeTable, strains: tuple[float, ...], *, with_shape: bool) -> None:
    """Say what the series will cost before it starts."""
    n_displacements = table.phonons.n_displacements
    each = (n_displacements or 0) + _EXPECTED_STEPS
    seconds = run.runner.expected_seconds() * each * len(strains) / run.runner.workers
    shape = "shape and positions" if with_shape else "positions"
    run.progress.message(
        f"Volumes {', '.join(f'{100 * s:+g} %' for s in strains)}: each about {_EXPECTED_STEPS} "
        f"steps to relax the {shape} and {n_displacements} displacements, together some "
        f"{each * len(strains)} force calculations, about {in_words(seconds)} if none is stored."
    )


@contextmanager
def _stress_runner(run: Run, *, wanted: bool) -> Iterator[ForceRunner]:
    """Runner on the run's store that asks for the stress too; the run's own if none is needed."""
    if not wanted or run.options.relax_cell:
        yield run.runner
        return
    with ForceRunner(
        run.engine,
        run.runner.store,
        workers=1,
        stress=True,
        progress=run.progress,
        log=run.folder.log,
    ) as runner:
        yield runner
        run.runner.n_computed += runner.n_computed
        run.runner.n_reused += runner.n_reused


def _point(run: Run, table: ModeTable, strain: float, *, with_shape: bool) -> VolumePoint:
    symmetry = table.phonons.symmetry
    run.progress.message(f"Volume {100 * strain:+g} %")
    with _stress_runner(run, wanted=with_shape) as runner:
        relaxation = relax(
            scaled_to_volume(table.phonons.atoms, strain),
            symmetry,
            runner,
            force_limit_ev_a=run.options.force_limit_ev_a,
            relax_cell=with_shape,
            constant_volume=with_shape,
        )
    phonons = phonons_at(run, relaxation.atoms, relaxation=relaxation, folder=_folder(run, strain))
    if phonons.symmetry.order != symmetry.order:
        raise CalculationError(
            f"At {100 * strain:+g} % of volume the crystal is {phonons.symmetry.symbol}, not "
            f"{symmetry.symbol}.",
            why="Modes of crystals of different symmetry cannot be followed into each other.",
            fix="Relax the crystal to a minimum first (`reticulum phonons --follow-imaginary`), or "
            "use smaller strains from Python (QuasiHarmonicOptions).",
        )
    return VolumePoint(
        strain=strain,
        volume_a3=float(relaxation.atoms.get_volume()),
        energy_ev=relaxation.energy_ev,
        table=mode_table(phonons),
        n_calls=relaxation.n_steps + (phonons.n_displacements or 0),
    )


def _folder(run: Run, strain: float) -> RunFolder:
    """Run folder of the phonons at one volume; its forces stay in that of the run."""
    folder = RunFolder(run.folder.path / SERIES_FOLDER / f"volume{100.0 * strain:+.4g}percent")
    folder.path.mkdir(parents=True, exist_ok=True)
    write_json(
        folder.identity_file,
        {
            "layout": LAYOUT,
            "identity": {
                **RunFolder.identity_of(run.folder.path),
                "strain of the volume": strain,
                "forces": f"{run.folder.forces_file.name} of the run folder",
            },
        },
    )
    return folder


def log_volumes(points: Sequence[VolumePoint]) -> NDArray[np.float64]:
    """ln(V/V₀) of each point, (n_volumes,); V₀ is the volume of the run."""
    return np.asarray(np.log1p([point.strain for point in points]), dtype=np.float64)
