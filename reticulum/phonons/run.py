"""From a structure and a calculator to Gamma phonons, in a run folder that can be resumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reticulum.engines.build import Engine
from reticulum.engines.executor import ForceRunner, Progress, Silent, require_workers
from reticulum.engines.gamma_only import small_cell_warning
from reticulum.engines.single_point import SinglePoint
from reticulum.engines.store import ForceStore
from reticulum.frameworks.bonds import BondKind, find_bonds
from reticulum.frameworks.symmetry import (
    CrystalSymmetry,
    PrimitiveCell,
    symmetrised_primitive,
    symmetry_of,
)
from reticulum.phonons.born_charges import (
    BornCharges,
    born_charges_from_flux,
    charge_flux,
)
from reticulum.phonons.folder import RunFolder
from reticulum.phonons.force_constants import (
    gamma_modes,
    hessian_from_phonopy,
    symmetrise_hessian,
)
from reticulum.phonons.gamma import GammaPhonons
from reticulum.phonons.options import PhononOptions
from reticulum.phonons.relaxation import Relaxation, relax
from reticulum.provenance import geometry_digest, write_json

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An open run folder with its structure and its source of forces."""

    label: str
    primitive: PrimitiveCell
    engine: Engine
    options: PhononOptions
    folder: RunFolder
    runner: ForceRunner

    @property
    def progress(self) -> Progress:
        """Where progress is shown."""
        return self.runner.progress


@contextmanager
def open_run(
    structure: Atoms,
    engine: Engine,
    path: Path,
    *,
    label: str = "",
    options: PhononOptions | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Iterator[Run]:
    """Open or resume a run folder.

    Parameters
    ----------
    structure
        Any cell of the crystal.
    engine
        What computes forces.
    path
        The run folder.
    label
        Name for titles.
    options
        What decides which structures are computed.
    workers
        Number of worker processes; default: all free cores.
    progress
        Where progress is shown.

    Raises
    ------
    InputError
        If the folder belongs to another calculation or the calculator cannot do this structure.

    """
    options = options or PhononOptions()
    progress = progress or Silent()
    require_workers(workers)
    engine.check_available()
    primitive = symmetrised_primitive(structure, options.tolerance_a)
    atoms = primitive.atoms
    engine.check_supports(atoms)
    fingerprint = engine.fingerprint(atoms)
    identity = {
        "structure": geometry_digest(atoms.numbers, atoms.cell[:], atoms.positions),
        "formula": atoms.get_chemical_formula(),
        "space group": primitive.symmetry.symbol,
        "calculator": engine.name,
        "calculator fingerprint": fingerprint.digest,
        "relax": options.relax,
        "relax cell": options.relax_cell,
        "fmax (eV/Å)": options.force_limit_ev_a,
        "displacement (Å)": displacement_length(engine, options),
        "symprec (Å)": options.tolerance_a,
    }
    folder = RunFolder(path)
    with folder.claim(identity):
        folder.log(f"start {label or atoms.get_chemical_formula()} with {engine.name}")
        if primitive.warning:
            progress.message(primitive.warning)
        spin = engine.spin_state(atoms)
        for sentence in (spin.sentence, spin.warning):
            if sentence:
                progress.message(sentence)
        if not fingerprint.complete:
            progress.message(
                f"{engine.name} does not say what its parameters are, so two different ones "
                "cannot be told apart. Give it a name with Engine.from_ase(calculator, label=...)."
            )
        store = ForceStore(folder.forces_file)
        if not len(store) and folder.phonopy_file.is_file():
            progress.message(
                f"{folder.forces_file} holds no calculation, though the folder has results: all "
                "forces are computed again."
            )
        with ForceRunner(
            engine,
            store,
            workers=workers,
            stress=options.relax_cell,
            progress=progress,
            log=folder.log,
        ) as runner:
            yield Run(
                label=label,
                primitive=primitive,
                engine=engine,
                options=options,
                folder=folder,
                runner=runner,
            )
        folder.log(f"end: {runner.n_computed} computed, {runner.n_reused} reused")


def displacement_length(engine: Engine, options: PhononOptions) -> float:
    """Length of a displacement, Å: the option, or what the calculator's card recommends."""
    if options.displacement_a is not None:
        return options.displacement_a
    return engine.card.displacement_a


def gamma_phonons(run: Run) -> GammaPhonons:
    """Relaxed structure and Gamma phonons of an open run; writes its files.

    Parameters
    ----------
    run
        From `open_run`.

    Raises
    ------
    CalculationError
        If a force calculation or the relaxation failed. Everything finished is kept.

    """
    symmetry = run.primitive.symmetry
    relaxation: Relaxation | None = None
    atoms = run.primitive.atoms
    if run.options.relax:
        relaxation = relax(
            atoms,
            symmetry,
            run.runner,
            force_limit_ev_a=run.options.force_limit_ev_a,
            relax_cell=run.options.relax_cell,
        )
        atoms = relaxation.atoms
    return phonons_at(run, atoms, relaxation=relaxation, folder=run.folder)


def phonons_at(
    run: Run, atoms: Atoms, *, relaxation: Relaxation | None, folder: RunFolder
) -> GammaPhonons:
    """Gamma phonons of a structure of an open run; writes their files.

    Parameters
    ----------
    run
        From `open_run`; its forces are stored in the run's own folder.
    atoms
        Primitive cell at rest, with the atoms of the run's structure.
    relaxation
        How it was reached; None if it was not relaxed.
    folder
        Where the files go.

    Raises
    ------
    CalculationError
        If a force calculation failed. Everything finished is kept.

    """
    symmetry = symmetry_of(atoms, run.options.tolerance_a)
    length = displacement_length(run.engine, run.options)
    phonopy = phonopy_of(atoms, run.options.tolerance_a)
    phonopy.generate_displacements(distance=length)
    displaced = [_displaced(atoms, entry) for entry in phonopy.dataset["first_atoms"]]
    warnings = _warnings(run, symmetry, atoms, len(displaced))
    for sentence in warnings:
        run.progress.message(sentence)
    at_rest = run.runner.evaluate([atoms], kind="reference", show=False)[0].result
    results = run.runner.evaluate(displaced, kind="displacement")
    phonopy.forces = [r.result.forces_ev_per_a - at_rest.forces_ev_per_a for r in results]
    phonopy.produce_force_constants(show_drift=False)
    hessian, quality = symmetrise_hessian(hessian_from_phonopy(phonopy.force_constants))
    wavenumbers, eigenvectors = gamma_modes(hessian, atoms.get_masses())
    born = _born_charges(
        atoms, symmetry, phonopy.dataset["first_atoms"], at_rest, [r.result for r in results]
    )
    fingerprint = run.engine.fingerprint(atoms)
    result = GammaPhonons(
        atoms=atoms,
        symmetry=symmetry,
        hessian_ev_a2=hessian,
        wavenumbers_cm1=wavenumbers,
        eigenvectors=eigenvectors,
        n_displacements=len(displaced),
        displacement_a=length,
        quality=quality,
        relaxation=None if relaxation is None else relaxation.to_dict(),
        calculator={
            "name": run.engine.name,
            "state": run.engine.spin_state(atoms).sentence,
            "fingerprint": fingerprint.to_dict(),
        },
        warnings=warnings,
        tolerance_a=run.options.tolerance_a,
        born=born,
    )
    _write(folder, run.label, phonopy, result)
    return result


def _born_charges(
    atoms: Atoms,
    symmetry: CrystalSymmetry,
    entries: Sequence[dict[str, Any]],
    at_rest: SinglePoint,
    displaced: Sequence[SinglePoint],
) -> BornCharges | None:
    """Born charges from the atomic charges of the same calculations; None if there are none."""
    rest = at_rest.charges_e
    changes = [result.charges_e for result in displaced]
    if rest is None or any(charges is None for charges in changes):
        return None
    flux = charge_flux(
        symmetry,
        [int(entry["number"]) for entry in entries],
        np.array([entry["displacement"] for entry in entries]),
        np.array([charges - rest for charges in changes if charges is not None]),
    )
    return born_charges_from_flux(atoms, symmetry, rest, flux)


def changed_bonds(before: Atoms, after: Atoms) -> str:
    """Sentence on bonds that a relaxation opened or closed; empty if it kept them all.

    Parameters
    ----------
    before, after
        The same atoms in the same order, not wrapped differently.

    """
    changes = bond_changes(before, after)
    if not changes:
        return ""
    return (
        f"The relaxation {changes} bonds in the cell: with this calculator the structure is "
        "another one than was given."
    )


def bond_changes(before: Atoms, after: Atoms) -> str:
    """Number and kind of the bonds that opened and closed, ``"opened 1 Zn-O"``; empty if none did.

    Parameters
    ----------
    before, after
        The same atoms in the same order, not wrapped differently.

    """
    bonds = [
        {
            (int(i), int(j), *(int(x) for x in shift))
            for i, j, shift, kind in zip(
                graph.first, graph.second, graph.shifts, graph.kinds, strict=True
            )
            if kind != BondKind.METAL_METAL
        }
        for graph in (find_bonds(before), find_bonds(after))
    ]
    parts = []
    for verb, lost in (("opened", bonds[0] - bonds[1]), ("closed", bonds[1] - bonds[0])):
        counts = Counter(
            "-".join(before.symbols[i] for i in sorted(bond[:2], key=lambda i: -before.numbers[i]))
            for bond in lost
        )
        if counts:
            named = ", ".join(f"{count} {pair}" for pair, count in sorted(counts.items()))
            parts.append(f"{verb} {named}")
    return " and ".join(parts)


def _warnings(
    run: Run, symmetry: CrystalSymmetry, relaxed: Atoms, n_displacements: int
) -> tuple[str, ...]:
    sentences = []
    changed = changed_bonds(run.primitive.atoms, relaxed)
    if changed:
        sentences.append(changed)
    if run.primitive.warning:
        sentences.append(run.primitive.warning)
    small = small_cell_warning(run.engine.card, relaxed)
    if small:
        sentences.append(small)
    n_orbits = len(np.unique(symmetry.orbits))
    if symmetry.order == 1 and n_orbits > 1:
        sentences.append(
            f"The structure has no symmetry: {n_displacements} displacements are needed, six for "
            "each atom. If it should have some, use a larger --symprec."
        )
    return tuple(sentences)


def phonopy_of(atoms: Atoms, tolerance_a: float) -> Any:
    """Phonopy object whose supercell is the cell itself.

    Parameters
    ----------
    atoms
        A primitive cell.
    tolerance_a
        Symmetry tolerance, Å.

    """
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms

    cell = PhonopyAtoms(
        symbols=atoms.get_chemical_symbols(),
        cell=np.array(atoms.cell[:]),
        scaled_positions=atoms.get_scaled_positions(wrap=False),
        masses=atoms.get_masses(),
    )
    return Phonopy(
        cell, supercell_matrix=np.eye(3, dtype=int), primitive_matrix=np.eye(3), symprec=tolerance_a
    )


def _displaced(atoms: Atoms, entry: dict[str, Any]) -> Atoms:
    """Copy of a structure with one atom moved (keeps the positions of the others to the bit)."""
    moved = atoms.copy()
    moved.positions[entry["number"]] += entry["displacement"]
    return moved


def _write(folder: RunFolder, label: str, phonopy: Any, result: GammaPhonons) -> None:
    from ase.io import write

    scratch = folder.path / ".writing.yaml"
    phonopy.save(
        filename=str(scratch),
        settings={"force_sets": True, "displacements": True, "force_constants": False},
    )
    scratch.replace(folder.phonopy_file)
    scratch = folder.path / ".writing.extxyz"
    write(scratch, result.atoms, format="extxyz")
    scratch.replace(folder.relaxed_file)
    content = result.to_dict()
    content["label"] = label
    write_json(folder.path / "phonons.json", content)
