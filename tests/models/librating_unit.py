"""A crystal of zinc formate rods whose carboxylates librate softly as rigid units.

The rod H-CO2-Zn-O2C-H lies along x in an orthorhombic box (Pmmm, nine atoms, planar in xz at
rest, inversion on the metal). All stiff terms depend only on what a turn of a CO2 unit about x
leaves alone: C-O bonds (Morse), O...O, Zn-O, C-H and Zn-C springs, and springs on transverse
offsets that treat y and z alike. So a unit that turns by its angle θ **as a rigid body** keeps
every stiff term at its minimum at every angle. Only the soft energy

    V(θ₁, θ₂) = barrier (sin²θ₁ + sin²θ₂) + quartic (sin⁴θ₁ + sin⁴θ₂) + coupling sin²(θ₁ - θ₂)

changes (`Soft`; `SOFT`, without a quartic term, unless another is given): two modes, the units in
step (B3g) and against each other (Au), at 95 and 120 cm⁻¹; all others lie above 220 cm⁻¹. With
`DOUBLE_WELL` the units in step have an imaginary mode and two wells. The depth of the C-O wells
falls with the angle,

    D(θ) = DEPTH (1 - SOFTENING sin²θ),

so that the true C-O stretches of a turned unit are lower by the factor √(1 - SOFTENING sin²θ):
the true shift is red and small. Moved in a *straight line* along the libration eigenvector the
oxygen atoms leave their circle, the C-O bonds get longer, and the bands fall many times further;
relaxation of the stiff modes at fixed libration brings the atoms back to the circle.

A trap that any route must get right: the antisymmetric stretch turns with the unit. Its curvature
along the *undisplaced* eigenvector falls by cos²θ although nothing softened; the coupling to the
harmonic rest gives that back in lowest order only, and a third too much shift stays at 0.3 rad.
`reticulum.thermal.local_frames` turns the vectors with the units.

What is exact
-------------
* Turned rigidly (`turned`), the stiff energy stays zero: V(θ₁, θ₂) is the energy itself.
* The soft kinetic energy is that of two rigid rotors about x: B = ħ²/(2I), I = 2 m_O r²
  (C, H and Zn lie on the axis), without any approximation for rigid units.
* `bands(θ₁, θ₂)`: centres of the infrared-active carboxylate bands (character turned with the
  units) from the complete Hessian of the turned crystal (central differences of analytic forces).
* `quantum_answer(temperatures)`: the two-dimensional Schrödinger equation in (θ₁, θ₂) on a grid,
  all levels populated, bands averaged over them. ``dressed=True`` adds the zero-point energy of all
  stiff modes at each (θ₁, θ₂) to V: the adiabatic quantum answer to all orders in the libration.
  ``dressed=False`` leaves it out, which is what a route that draws the libration from the bare
  harmonic potential can reach; the difference is a few per cent of the slope.
  ``centrifugal=True`` adds what rigid rotors leave out: a unit with the kinetic energy T pulls its
  oxygen atoms outwards with T/r each, and the bands move with the bonds (linear response of the
  complete model; T from the quantum states). A relaxation that holds the *straight* coordinate
  y = r sin θ feels the same pull, -∂V/∂r at fixed y = 2V/r, and ⟨V⟩ = ⟨T⟩: it gives the answer with
  the centrifugal part.
* `exact_transition_shift`: one unit, angle and antisymmetric stretch as an exact two-dimensional
  quantum problem, against the adiabatic answer for the same unit: how good "adiabatic" is.

Interface
---------
``librating_crystal() -> Atoms`` at its exact minimum; ``LibratingUnits()`` the ASE calculator
(energy, forces; counts ``calls``); ``turned(atoms, θ₁, θ₂) -> Atoms``; ``units_of(atoms)``;
``bands(θ₁, θ₂) -> (antisymmetric, symmetric)`` in cm⁻¹; ``quantum_answer(temperatures, ...) ->
(antisymmetric, symmetric)``, arrays in cm⁻¹; `run_phonons(folder)` context manager giving
``(run, phonons, table)``.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from reticulum.engines.build import Engine
from reticulum.phonons.modes import mode_table
from reticulum.phonons.options import PhononOptions
from reticulum.phonons.run import gamma_phonons, open_run
from reticulum.units import (
    BOLTZMANN_CM1_PER_K,
    EV_TO_CM1,
    HBAR2_OVER_2U_A2_CM1,
    SQRT_EV_PER_U_A2_TO_CM1,
)

#: Geometry, Å.
ZN_O, HALF_O_O, C_ABOVE, C_H = 2.00, 1.115, 0.60, 1.10
ZN_O_X = float(np.sqrt(ZN_O**2 - HALF_O_O**2))
C_O = float(np.hypot(HALF_O_O, C_ABOVE))
#: Ascending, so that a standard setting keeps the axes.
BOX = (2 * (ZN_O_X + C_ABOVE + C_H) + 2.4, 10.0, 11.0)

#: Morse wells of the C-O bonds: depth eV, steepness 1/Å.
DEPTH, STEEPNESS = 4.6, 2.2
#: Fall of the depth with sin²θ.
SOFTENING = 0.35


class Soft(NamedTuple):
    """Soft energies, eV."""

    barrier: float
    coupling: float
    quartic: float = 0.0


SOFT = Soft(barrier=0.66, coupling=0.20)
DOUBLE_WELL = Soft(barrier=-0.20, coupling=0.70, quartic=2.0)
#: Springs, eV/Å².
O_O_SPRING, ZN_O_SPRING, ZN_C_SPRING, C_H_SPRING = 16.0, 8.0, 12.0, 28.0
#: Springs of transverse offsets (y and z alike), eV/Å²: Zn-C, C-H, C-middle of O...O.
ZN_C_SIDE, C_H_SIDE, C_O_SIDE = 24.0, 3.0, 8.0

#: Mass of oxygen as ASE has it, u.
OXYGEN_MASS = float(Atoms("O").get_masses()[0])
#: Rotational constant of one unit, cm⁻¹: ħ²/(2I) with I = 2 m_O r².
ROTATIONAL_CM1 = HBAR2_OVER_2U_A2_CM1 / (2 * OXYGEN_MASS * HALF_O_O**2)


def librating_crystal() -> Atoms:
    """Nine atoms at the minimum: Zn, then C, O, O, H of each unit."""
    symbols, positions = ["Zn"], [(0.0, 0.0, 0.0)]
    for side in (1.0, -1.0):
        symbols += ["C", "O", "O", "H"]
        positions += [
            (side * (ZN_O_X + C_ABOVE), 0.0, 0.0),
            (side * ZN_O_X, 0.0, HALF_O_O),
            (side * ZN_O_X, 0.0, -HALF_O_O),
            (side * (ZN_O_X + C_ABOVE + C_H), 0.0, 0.0),
        ]
    return Atoms(symbols, positions=np.array(positions), cell=BOX, pbc=True)


def units_of(atoms):
    """Indices: the metal, and (carbon, oxygen, oxygen, hydrogen) of the +x and the -x unit."""
    symbols = np.array(atoms.get_chemical_symbols())
    (metal,) = np.flatnonzero(symbols == "Zn")
    units = []
    for carbon in np.flatnonzero(symbols == "C"):
        apart = atoms.get_distances(carbon, range(len(atoms)), mic=True, vector=True)
        near = np.linalg.norm(apart, axis=1) < 1.6
        oxygens = np.flatnonzero(near & (symbols == "O"))
        # the one at +z first, in both units, so that the angles of both count the same way
        oxygens = oxygens[np.argsort(-apart[oxygens, 2])]
        (hydrogen,) = np.flatnonzero(near & (symbols == "H"))
        units.append((int(carbon), int(oxygens[0]), int(oxygens[1]), int(hydrogen)))
    side = [atoms.get_distance(metal, unit[0], mic=True, vector=True)[0] for unit in units]
    return int(metal), tuple(unit for _, unit in sorted(zip(side, units, strict=True))[::-1])


def turned(atoms: Atoms, first: float, second: float) -> Atoms:
    """The crystal with its two units turned rigidly about x by these angles (radians)."""
    moved = atoms.copy()
    _, units = units_of(atoms)
    for angle, (carbon, *oxygens, _) in zip((first, second), units, strict=True):
        turn = np.array(
            [[1, 0, 0], [0, np.cos(angle), np.sin(angle)], [0, -np.sin(angle), np.cos(angle)]]
        )
        for oxygen in oxygens:
            arm = atoms.get_distance(carbon, oxygen, mic=True, vector=True)
            moved.positions[oxygen] += turn @ arm - arm
    return moved


class LibratingUnits(Calculator):
    """Energy and forces of the model; `calls` counts them."""

    implemented_properties = ("energy", "forces")

    def __init__(self, soft=SOFT, **kwargs):
        super().__init__(**kwargs)
        self.parameters["model"] = "librating zinc formate, 1"
        if soft != SOFT:
            self.parameters["soft"] = list(soft)
        self.soft = soft
        self.calls = 0
        self.units = None

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.calls += 1
        if self.units is None:
            self.units = units_of(self.atoms)
        energy, forces = energy_and_forces(
            self.atoms.positions, self.atoms.cell[:], self.units, self.soft
        )
        self.results["energy"], self.results["forces"] = energy, forces


def energy_and_forces(positions, cell, units, soft=SOFT):
    """Energy (eV) and forces (eV/Å); ``units`` from `units_of`; the cell is orthorhombic."""
    metal, groups = units
    lengths = np.diag(cell)
    gradient = np.zeros_like(positions)
    total = 0.0

    def apart(i, j):
        vector = positions[j] - positions[i]
        return vector - lengths * np.rint(vector / lengths)

    def push(i, j, force):
        gradient[j] += force
        gradient[i] -= force

    def spring(i, j, constant, rest):
        vector = apart(i, j)
        length = np.linalg.norm(vector)
        push(i, j, constant * (length - rest) / length * vector)
        return 0.5 * constant * (length - rest) ** 2

    def side(i, j, constant):
        vector = apart(i, j) * np.array([0.0, 1.0, 1.0])
        push(i, j, constant * vector)
        return 0.5 * constant * vector @ vector

    spans = []
    for carbon, upper, lower, hydrogen in groups:
        d = apart(lower, upper)
        spans.append(d)
        rho = d[1] ** 2 + d[2] ** 2
        sine2 = d[1] ** 2 / rho
        slope = np.array([0.0, 2 * d[1] * d[2] ** 2, -2 * d[1] ** 2 * d[2]]) / rho**2
        total += soft.barrier * sine2 + soft.quartic * sine2**2
        torque = (soft.barrier + 2 * soft.quartic * sine2) * slope
        for oxygen in (upper, lower):
            vector = apart(carbon, oxygen)
            length = np.linalg.norm(vector)
            fall = np.exp(-STEEPNESS * (length - C_O))
            depth = DEPTH * (1 - SOFTENING * sine2)
            total += depth * (1 - fall) ** 2
            push(carbon, oxygen, 2 * depth * STEEPNESS * fall * (1 - fall) / length * vector)
            torque = torque - DEPTH * SOFTENING * (1 - fall) ** 2 * slope
            total += spring(metal, oxygen, ZN_O_SPRING, ZN_O)
        push(lower, upper, torque)
        total += spring(lower, upper, O_O_SPRING, 2 * HALF_O_O)
        total += spring(metal, carbon, ZN_C_SPRING, ZN_O_X + C_ABOVE)
        total += spring(carbon, hydrogen, C_H_SPRING, C_H)
        total += side(metal, carbon, ZN_C_SIDE) + side(carbon, hydrogen, C_H_SIDE)
        middle = 0.5 * (apart(carbon, upper) + apart(carbon, lower)) * np.array([0.0, 1.0, 1.0])
        total += 0.5 * C_O_SIDE * middle @ middle
        for oxygen in (upper, lower):
            push(carbon, oxygen, 0.5 * C_O_SIDE * middle)

    (_, ya, za), (_, yb, zb) = spans
    rho_a, rho_b = ya**2 + za**2, yb**2 + zb**2
    cross = ya * zb - za * yb
    value = cross**2 / (rho_a * rho_b)
    total += soft.coupling * value
    for group, (y, z), (other_y, other_z), rho, sign in (
        (groups[0], (ya, za), (yb, zb), rho_a, 1.0),
        (groups[1], (yb, zb), (ya, za), rho_b, -1.0),
    ):
        lead = 2 * sign * cross / (rho_a * rho_b)
        torque = soft.coupling * np.array(
            [0.0, lead * other_z - 2 * value * y / rho, -lead * other_y - 2 * value * z / rho]
        )
        push(group[2], group[1], torque)
    return float(total), -gradient


def hessian(atoms, step=1e-4, soft=SOFT):
    """Complete Hessian by central differences of the analytic forces, (27, 27), eV/Å²."""
    units = units_of(atoms)
    cell, x = atoms.cell[:], atoms.positions.copy()
    rows = []
    for k in range(x.size):
        shift = np.zeros(x.size)
        shift[k] = step
        up = energy_and_forces(x + shift.reshape(x.shape), cell, units, soft)[1]
        down = energy_and_forces(x - shift.reshape(x.shape), cell, units, soft)[1]
        rows.append(-(up - down).ravel() / (2 * step))
    matrix = np.array(rows)
    return 0.5 * (matrix + matrix.T)


def stretch_vectors(atoms, units):
    """Infrared-active antisymmetric and symmetric C-O stretches, mass-weighted, turned with units.

    Oxygen atoms move along their bonds, the carbon atom balances them; both units have the phase
    in which their dipoles add.
    """
    _, groups = units
    masses = atoms.get_masses()
    found = []
    for sign in (-1.0, 1.0):
        vector = np.zeros((len(atoms), 3))
        for number, (carbon, upper, lower, _) in enumerate(groups):
            phase = 1.0 if sign < 0 else (1.0, -1.0)[number]
            for oxygen, part in ((upper, 1.0), (lower, sign)):
                arm = atoms.get_distance(carbon, oxygen, mic=True, vector=True)
                move = phase * part * arm / np.linalg.norm(arm)
                vector[oxygen] += move
                vector[carbon] -= move * masses[oxygen] / masses[carbon]
        vector *= np.sqrt(masses)[:, None]
        found.append(vector.ravel() / np.linalg.norm(vector))
    return found


def modes_at(first: float, second: float, soft=SOFT):
    """Wavenumbers (27,), cm⁻¹, and mass-weighted eigenvectors of the crystal so turned."""
    atoms = turned(librating_crystal(), first, second)
    roots = np.sqrt(np.repeat(atoms.get_masses(), 3))
    values, vectors = np.linalg.eigh(hessian(atoms, soft=soft) / np.outer(roots, roots))
    return np.sign(values) * np.sqrt(np.abs(values)) * SQRT_EV_PER_U_A2_TO_CM1, vectors, atoms


def _centres(wavenumbers, vectors, atoms):
    centres = []
    for stretch in stretch_vectors(atoms, units_of(atoms)):
        weights = (vectors.T @ stretch) ** 2
        weights[(wavenumbers < 1150.0) | (wavenumbers > 2400.0)] = 0.0
        centres.append(float(weights @ wavenumbers / weights.sum()))
    return centres[0], centres[1]


def bands(first: float, second: float) -> tuple[float, float]:
    """Centres of the infrared-active antisymmetric and symmetric bands, cm⁻¹.

    Mean wavenumber of the C-O stretching modes (above 1150 cm⁻¹, below the C-H stretch) weighted
    with the squared projection of each on the turned stretch vector.
    """
    return _centres(*modes_at(first, second))


def soft_energy_cm1(first, second, soft=SOFT):
    """V(θ₁, θ₂), cm⁻¹."""
    return EV_TO_CM1 * (
        soft.barrier * (np.sin(first) ** 2 + np.sin(second) ** 2)
        + soft.quartic * (np.sin(first) ** 4 + np.sin(second) ** 4)
        + soft.coupling * np.sin(first - second) ** 2
    )


#: Largest angle and number of nodes per angle of the table of bands; largest angle and points of
#: the grid, and states of one unit that are kept, for the quantum problem.
_TABLE_EDGE, _TABLE_NODES, _GRID_EDGE, _GRID_POINTS, _ROTOR_STATES = 0.9, 7, 0.9, 51, 26


@cache
def _table(soft):
    """Coefficients of even-order Chebyshev expansions of bands and stiff zero-point energy."""
    nodes = _TABLE_EDGE * np.cos(np.pi * (np.arange(_TABLE_NODES) + 0.5) / _TABLE_NODES)
    known = {}
    values = []
    for i, first in enumerate(nodes):
        for j, second in enumerate(nodes):
            # The same in the mirror image (both angles reversed) and with the units exchanged.
            last = _TABLE_NODES - 1
            key = min((i, j), (j, i), (last - i, last - j), (last - j, last - i))
            if key not in known:
                found = modes_at(first, second, soft)
                # Five soft modes: three translations and the two librations.
                known[key] = [*_centres(*found), 0.5 * found[0][5:].sum()]
            values.append(known[key])
    design = np.polynomial.chebyshev.chebvander2d(
        *(a.ravel() / _TABLE_EDGE for a in np.meshgrid(nodes, nodes, indexing="ij")),
        [_TABLE_NODES - 1, _TABLE_NODES - 1],
    )
    return np.linalg.solve(design, np.array(values))


def tabulated(first, second, soft=SOFT):
    """Bands and zero-point energy of the stiff modes from the expansion, (..., 3), cm⁻¹."""
    design = np.polynomial.chebyshev.chebvander2d(
        np.asarray(first, dtype=float) / _TABLE_EDGE,
        np.asarray(second, dtype=float) / _TABLE_EDGE,
        [_TABLE_NODES - 1, _TABLE_NODES - 1],
    )
    # chebvander2d makes a row of a single point
    return (design @ _table(soft)).reshape(*np.shape(first), 3)


def _kinetic(grid):
    """Kinetic energy of one unit on equally spaced angles (sinc functions), cm⁻¹."""
    difference = np.arange(len(grid))[:, None] - np.arange(len(grid))[None, :]
    with np.errstate(divide="ignore"):
        shape = np.where(difference == 0, np.pi**2 / 3, 2.0 / difference.astype(float) ** 2)
    return ROTATIONAL_CM1 / (grid[1] - grid[0]) ** 2 * (-1.0) ** np.abs(difference) * shape


@cache
def centrifugal_response(soft=SOFT):
    """Shift of the two bands per kinetic energy of both units together, cm⁻¹ per cm⁻¹."""
    atoms = librating_crystal()
    _, units = units_of(atoms)
    pull = np.zeros((len(atoms), 3))
    for carbon, *oxygens, _ in units:
        for oxygen in oxygens:
            arm = atoms.get_distance(carbon, oxygen, mic=True, vector=True)
            # Half of the energy in each unit.
            pull[oxygen, 2] = np.sign(arm[2]) * 0.5 / HALF_O_O / EV_TO_CM1
    away = np.linalg.pinv(hessian(atoms, soft=soft), rcond=1e-8) @ pull.ravel()
    energy = 100.0
    centres = []
    for sign in (1.0, -1.0):
        moved = atoms.copy()
        moved.positions = moved.positions + sign * energy * away.reshape(-1, 3)
        roots = np.sqrt(np.repeat(atoms.get_masses(), 3))
        values, vectors = np.linalg.eigh(hessian(moved, soft=soft) / np.outer(roots, roots))
        wavenumbers = np.sign(values) * np.sqrt(np.abs(values)) * SQRT_EV_PER_U_A2_TO_CM1
        centres.append(_centres(wavenumbers, vectors, moved))
    return (np.array(centres[0]) - np.array(centres[1])) / (2 * energy)


def quantum_answer(temperatures_k, *, dressed=True, centrifugal=False, soft=SOFT):
    """Thermal means of the two bands over the exact quantum states of the librations, cm⁻¹."""
    grid = np.linspace(-_GRID_EDGE, _GRID_EDGE, _GRID_POINTS)
    alone = soft_energy_cm1(grid, 0.0, soft)
    states = np.linalg.eigh(_kinetic(grid) + np.diag(alone))
    # Products of the lowest states of one unit with the other at rest.
    energies, basis = states[0][:_ROTOR_STATES], states[1][:, :_ROTOR_STATES]
    a, b = np.meshgrid(grid, grid, indexing="ij")
    found = tabulated(a, b, soft)

    def matrix(values):
        half = np.einsum("am,ab,an->mnb", basis, values, basis, optimize=True)
        full = np.einsum("mnb,bp,bq->mpnq", half, basis, basis, optimize=True)
        return full.reshape(_ROTOR_STATES**2, -1)

    def expectation(values):
        return np.einsum("ik,ik->k", vectors, matrix(values) @ vectors)

    potential = soft_energy_cm1(a, b, soft) + (found[..., 2] if dressed else 0.0)
    coupling = potential - alone[:, None] - alone[None, :]
    energy = np.diag((energies[:, None] + energies[None, :]).ravel()) + matrix(coupling)
    levels, vectors = np.linalg.eigh(energy)
    values = np.array([expectation(found[..., n]) for n in (0, 1)])
    if centrifugal:
        kinetic = levels - expectation(potential)
        values = values + centrifugal_response(soft)[:, None] * kinetic
    result = []
    for temperature in np.atleast_1d(temperatures_k):
        weights = np.exp(-(levels - levels[0]) / (BOLTZMANN_CM1_PER_K * temperature))
        result.append(values @ weights / weights.sum())
    return np.array(result)[:, 0], np.array(result)[:, 1]


def exact_transition_shift(temperatures_k, *, stretch_cm1=1600.0, barrier_ev=SOFT.barrier):
    """One unit and its stretch: exact and adiabatic thermal mean of the transition, cm⁻¹.

    H = B p²(θ) + V sin²θ + ½ω (p² + (1 - SOFTENING sin²θ) q²) on a grid of 81 angles times
    eight oscillator states; transitions 0 -> 1 of the stretch at equal libration
    number. The adiabatic answer averages ω√(1 - SOFTENING sin²θ) over the states of the ground
    stretch.
    """
    n = 81
    grid = np.linspace(-0.95, 0.95, n)
    kinetic = _kinetic(grid)
    sine2 = np.sin(grid) ** 2
    n_stretch = 8
    number = np.arange(n_stretch)
    square = np.diag(number + 0.5)
    off = 0.5 * np.sqrt((number[:-2] + 1) * (number[:-2] + 2))
    square = square + np.diag(off, 2) + np.diag(off, -2)
    matrix = np.kron(kinetic + np.diag(EV_TO_CM1 * barrier_ev * sine2), np.eye(n_stretch))
    matrix += np.kron(np.eye(n), np.diag(stretch_cm1 * (number + 0.5)))
    matrix -= np.kron(np.diag(0.5 * SOFTENING * stretch_cm1 * sine2), square)
    levels, states = np.linalg.eigh(matrix)
    local = stretch_cm1 * np.sqrt(1 - SOFTENING * sine2)
    soft = kinetic + np.diag(EV_TO_CM1 * barrier_ev * sine2)
    ground, ground_states = np.linalg.eigh(soft + np.diag(0.5 * local))
    upper = np.linalg.eigvalsh(soft + np.diag(1.5 * local))
    # Exact levels are told apart by their share of the stretch number; those of the ground and the
    # first excited stretch are matched in order.
    share = (states.reshape(n, n_stretch, -1) ** 2).sum(axis=0)
    n_used = 28
    exact_ground = levels[share.argmax(axis=0) == 0][:n_used]
    exact_upper = levels[share.argmax(axis=0) == 1][:n_used]
    means = (ground_states**2).T @ local
    rows = []
    for temperature in np.atleast_1d(temperatures_k):
        weights = np.exp(-(exact_ground - exact_ground[0]) / (BOLTZMANN_CM1_PER_K * temperature))
        exact = weights @ (exact_upper - exact_ground) / weights.sum()
        adiabatic = weights @ (upper - ground)[:n_used] / weights.sum()
        weights = np.exp(-(ground - ground[0]) / (BOLTZMANN_CM1_PER_K * temperature))
        rows.append((exact, adiabatic, weights @ means / weights.sum()))
    return np.array(rows)


#: Its card for the command line.
CARD = """
name = "librating-units"
title = "Librating zinc formate"
factory = "models.librating_unit:LibratingUnits"
distribution = "ase"
extra = ""
elements = ["Zn", "C", "O", "H"]
gives = ["energy", "forces"]
parallel = "single"
"""


@contextmanager
def run_phonons(folder, *, displacement_a=0.004, soft=SOFT):
    """(run, phonons, table) of the model in a run folder."""
    engine = Engine.from_ase(LibratingUnits(soft))
    options = PhononOptions(displacement_a=displacement_a, force_limit_ev_a=1e-6)
    with open_run(librating_crystal(), engine, folder, label="model", options=options) as run:
        phonons = gamma_phonons(run)
        yield run, phonons, mode_table(phonons)
