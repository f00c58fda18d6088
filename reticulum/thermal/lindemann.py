"""Lindemann ratio of bonds: thermal motion of two bonded atoms against each other, over the bond.

δ = √⟨[(u_M - u_O)·r̂]²⟩/d along the bond and √⟨|u_M - u_O|²⟩/d in total, for harmonic modes at
Gamma in their quantum distribution:
⟨·⟩ = Σ_k (ħ/ω_k)(n_k + ½) [(e_M/√m_M - e_O/√m_O)·r̂]², with n_k the Bose occupation.

It tells how far bonds are shaken, as discussed for metal-linker bonds in [Andreeva2020]_. It is no
melting point: the criterion of melting was made for atoms of simple crystals.

*Valid when* the modes are harmonic and those at Gamma stand for the zone. At Gamma all cells move
alike: what acoustic waves, which move neighbouring cells against each other, add is missing.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum import __version__
from reticulum.errors import CalculationError, InputError
from reticulum.frameworks.bond_types import BondType, Grouping, bond_types
from reticulum.frameworks.bonds import find_bonds
from reticulum.phonons.modes import IMAGINARY_LIMIT_CM1, ModeTable
from reticulum.thermal.harmonic import bose_occupation
from reticulum.thermal.slopes import checked_temperatures_k, slope_temperatures_k
from reticulum.units import HBAR2_OVER_2U_A2_CM1

#: Said with every result.
NO_MELTING_POINT = "No melting point is claimed from these ratios."

#: Said with every result.
GAMMA_ONLY = (
    "Modes at Gamma only: what acoustic waves, which move neighbouring cells against each other, "
    "add to the motion is missing."
)


def relative_mean_squares_a2(
    wavenumbers_cm1: NDArray[np.float64],
    eigenvectors: NDArray[np.float64],
    masses_amu: NDArray[np.float64],
    *,
    pairs: NDArray[np.int64],
    directions: NDArray[np.float64],
    temperatures_k: ArrayLike,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean square motion of pairs of atoms against each other, along a direction and in total, Å².

    Parameters
    ----------
    wavenumbers_cm1
        (n_modes,) positive, cm⁻¹.
    eigenvectors
        (3n, n_modes) mass-weighted, orthonormal columns.
    masses_amu
        (n,), u.
    pairs
        (n_pairs, 2) atoms.
    directions
        (n_pairs, 3) unit vectors.
    temperatures_k
        (n_temperatures,), K.

    Returns
    -------
    tuple
        Two arrays (n_pairs, n_temperatures), Å².

    """
    t = checked_temperatures_k(temperatures_k)
    shapes = eigenvectors.reshape(len(masses_amu), 3, -1) / np.sqrt(masses_amu)[:, None, None]
    apart = shapes[pairs[:, 1]] - shapes[pairs[:, 0]]
    occupations = np.array([bose_occupation(float(w), t) for w in wavenumbers_cm1])
    squares = 2.0 * HBAR2_OVER_2U_A2_CM1 / wavenumbers_cm1[:, None] * (occupations + 0.5)
    along = np.einsum("bx,bxk->bk", directions, apart) ** 2 @ squares
    total = (apart**2).sum(axis=1) @ squares
    return along, total


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LindemannResult:
    """Lindemann ratios of the bonds of a crystal.

    Attributes
    ----------
    table
        Modes behind them.
    temperatures_k
        (n_temperatures,), K.
    types
        Types of bonds.
    along, total
        (n_types, n_temperatures): root mean square over the bonds of a type of the ratio of each,
        along the bond and in total.
    along_range, total_range
        (n_types, n_temperatures, 2): smallest and largest ratio among the bonds of a type.
    n_imaginary
        Imaginary modes that are left out.
    n_near_zero
        Modes of unknown sign that are left out, besides the acoustic ones.
    n_between_images
        Bonds between an atom and its own image, which say nothing at Gamma and are left out.

    """

    table: ModeTable
    temperatures_k: NDArray[np.float64]
    types: tuple[BondType, ...]
    along: NDArray[np.float64]
    total: NDArray[np.float64]
    along_range: NDArray[np.float64]
    total_range: NDArray[np.float64]
    n_imaginary: int
    n_near_zero: int
    n_between_images: int

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        shape = (len(self.types), len(self.temperatures_k))
        for array in (self.along, self.total):
            if array.shape != shape:
                raise ValueError(f"ratios must have the shape {shape}")
            array.setflags(write=False)
        for array in (self.along_range, self.total_range):
            if array.shape != (*shape, 2):
                raise ValueError(f"ranges must have the shape {(*shape, 2)}")
            array.setflags(write=False)
        self.temperatures_k.setflags(write=False)

    @property
    def statements(self) -> tuple[str, ...]:
        """What is left out and what is not claimed, in sentences."""
        sentences = ["Three acoustic modes are left out.", GAMMA_ONLY]
        if self.n_imaginary:
            sentences.append(
                f"{self.n_imaginary} imaginary modes are left out too: they have no harmonic "
                "amplitude, and would add to the motion."
            )
        if self.n_near_zero:
            sentences.append(
                f"{self.n_near_zero} modes within {IMAGINARY_LIMIT_CM1:g} cm⁻¹ of zero are left "
                "out: noise decides their sign."
            )
        if self.n_between_images:
            sentences.append(
                f"{self.n_between_images} bonds between an atom and its own image are left out: "
                "at Gamma both move alike."
            )
        sentences.append(NO_MELTING_POINT)
        return tuple(sentences)

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        phonons = self.table.phonons
        return {
            "formula": phonons.atoms.get_chemical_formula(),
            "space_group": phonons.symmetry.symbol,
            "calculator": phonons.calculator,
            "temperatures_k": self.temperatures_k.tolist(),
            "bonds": [
                {
                    "label": entry.label,
                    "kind": entry.kind.name.lower().replace("_", "-"),
                    "n_bonds": entry.n_bonds,
                    "distance_a": entry.distance_a,
                    "distance_range_a": [
                        float(entry.distances_a.min()),
                        float(entry.distances_a.max()),
                    ],
                    "along_bond": self.along[number].tolist(),
                    "total": self.total[number].tolist(),
                    "along_bond_range": self.along_range[number].tolist(),
                    "total_range": self.total_range[number].tolist(),
                }
                for number, entry in enumerate(self.types)
            ],
            "n_imaginary_modes_left_out": self.n_imaginary,
            "statements": list(self.statements),
        }

    def to_csv(self) -> str:
        """One line for each type of bond and temperature, with what is left out on the header."""
        phonons = self.table.phonons
        stream = io.StringIO()
        for line in (
            f"Lindemann ratios of {phonons.atoms.get_chemical_formula()}, "
            f"{phonons.symmetry.symbol}, {phonons.calculator.get('name', 'unknown calculator')}",
            "rms motion of the bonded atoms against each other over the bond length; distance in "
            "Angstrom, temperature in K",
            *(sentence.replace("cm⁻¹", "cm-1") for sentence in self.statements),
            f"written by reticulum {__version__}",
        ):
            stream.write(f"# {line}\n")
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(
            ("bond", "kind", "n_bonds", "distance", "temperature", "along_bond", "total")
        )
        for number, entry in enumerate(self.types):
            for place, temperature in enumerate(self.temperatures_k):
                writer.writerow(
                    (
                        entry.label,
                        entry.kind.name.lower().replace("_", "-"),
                        entry.n_bonds,
                        f"{entry.distance_a:.4f}",
                        f"{temperature:g}",
                        f"{self.along[number, place]:.6f}",
                        f"{self.total[number, place]:.6f}",
                    )
                )
        return stream.getvalue()


def lindemann_ratios(
    table: ModeTable,
    temperatures_k: ArrayLike | None = None,
    *,
    grouping: Grouping = Grouping.TYPE,
) -> LindemannResult:
    """Lindemann ratios of all types of bonds, from harmonic modes at Gamma.

    Parameters
    ----------
    table
        From `mode_table`.
    temperatures_k
        (n_temperatures,), K; None: those of the published spectra.
    grouping
        What counts as one type of bond.

    Raises
    ------
    InputError
        If a temperature is not above 0 K, or the structure has no bonds between different atoms.
    CalculationError
        If no mode is left.

    """
    given = slope_temperatures_k() if temperatures_k is None else temperatures_k
    temperatures = checked_temperatures_k(given)
    atoms, labels = table.phonons.atoms, table.labels
    graph = find_bonds(atoms)
    types = bond_types(
        atoms,
        graph,
        table.carboxylates,
        symmetry=table.phonons.symmetry if grouping is Grouping.ORBIT else None,
    )
    apart = graph.first != graph.second
    n_between_images = int((~apart).sum())
    types = tuple(entry for entry in types if apart[entry.members].all())
    if not types:
        raise InputError(
            "The structure has no bonds between different atoms.",
            why="The ratio compares the motion of two bonded atoms.",
            fix="Check the structure.",
        )
    acoustic = np.repeat(labels.acoustic, labels.dimensions)
    wavenumbers = labels.mode_wavenumbers_cm1
    used = ~acoustic & (wavenumbers > IMAGINARY_LIMIT_CM1)
    if not used.any():
        raise CalculationError(
            "No mode has a positive wavenumber.", why="There is no harmonic motion to average."
        )
    vectors = (
        atoms.positions[graph.second] + graph.shifts @ atoms.cell[:] - atoms.positions[graph.first]
    )
    along, total = relative_mean_squares_a2(
        wavenumbers[used],
        labels.eigenvectors[:, used],
        atoms.get_masses(),
        pairs=np.stack([graph.first, graph.second], axis=1),
        directions=vectors / graph.distances[:, None],
        temperatures_k=temperatures,
    )
    squares = [values / graph.distances[:, None] ** 2 for values in (along, total)]
    means = [np.array([s[e.members].mean(axis=0) for e in types]) for s in squares]
    ranges = [
        np.array([[s[e.members].min(axis=0), s[e.members].max(axis=0)] for e in types])
        for s in squares
    ]
    return LindemannResult(
        table=table,
        temperatures_k=temperatures,
        types=types,
        along=np.sqrt(means[0]),
        total=np.sqrt(means[1]),
        along_range=np.sqrt(ranges[0].transpose(0, 2, 1)),
        total_range=np.sqrt(ranges[1].transpose(0, 2, 1)),
        n_imaginary=table.n_imaginary_modes,
        n_near_zero=int((~acoustic & (np.abs(wavenumbers) <= IMAGINARY_LIMIT_CM1)).sum()),
        n_between_images=n_between_images,
    )
