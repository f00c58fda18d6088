"""From a structure and a calculator to Gamma phonons, in a run folder that can be resumed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reticulum.engines.build import Engine
from reticulum.engines.executor import ForceRunner, Progress, Silent, require_workers
from reticulum.engines.store import ForceStore
from reticulum.errors import InputError
from reticulum.frameworks.symmetry import (
    CrystalSymmetry,
    PrimitiveCell,
    symmetrised_primitive,
    symmetry_of,
)
from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A
from reticulum.phonons.folder import RunFolder
from reticulum.phonons.force_constants import (
    ForceConstantQuality,
    gamma_modes,
    hessian_from_phonopy,
    symmetrise_hessian,
)
from reticulum.phonons.options import PhononOptions
from reticulum.phonons.relaxation import Relaxation, relax
from reticulum.provenance import geometry_digest, read_json, write_json

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True, slots=True, kw_only=True)
class GammaPhonons:
    """Harmonic vibrations of a crystal at Gamma.

    Parameters
    ----------
    atoms
        Primitive cell at which forces were differentiated.
    symmetry
        Its space group and operations.
    hessian_ev_a2
        (3n, 3n), eV/Å², symmetric and free of translations.
    wavenumbers_cm1
        (3n,), ascending; imaginary modes negative.
    eigenvectors
        (3n, 3n) mass-weighted, orthonormal columns.
    n_displacements
        Displaced structures that were needed; None if the force constants came from elsewhere.
    displacement_a
        Their length, Å; None likewise.
    quality
        How far the raw force constants broke their laws; None likewise.
    relaxation
        End of the relaxation; None if there was none.
    calculator
        Name and state of the calculator in words.
    warnings
        Sentences for the user.
    tolerance_a
        Distance within which atoms count as symmetry-equivalent, Å.

    """

    atoms: Atoms
    symmetry: CrystalSymmetry
    hessian_ev_a2: NDArray[np.float64]
    wavenumbers_cm1: NDArray[np.float64]
    eigenvectors: NDArray[np.float64]
    n_displacements: int | None
    displacement_a: float | None
    quality: ForceConstantQuality | None
    relaxation: dict[str, Any] | None
    calculator: dict[str, Any]
    warnings: tuple[str, ...]
    tolerance_a: float = SYMMETRY_TOLERANCE_A

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        size = 3 * len(self.atoms)
        if self.hessian_ev_a2.shape != (size, size) or self.eigenvectors.shape != (size, size):
            raise ValueError("the Hessian and the eigenvectors must be (3n, 3n)")
        for array in (self.hessian_ev_a2, self.wavenumbers_cm1, self.eigenvectors):
            array.setflags(write=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON (without the matrices)."""
        return {
            "formula": self.atoms.get_chemical_formula(),
            "n_atoms": len(self.atoms),
            "space_group": self.symmetry.symbol,
            "space_group_number": self.symmetry.number,
            "n_displacements": self.n_displacements,
            "displacement_a": self.displacement_a,
            "raw_force_constants": None if self.quality is None else self.quality.to_dict(),
            "relaxation": self.relaxation,
            "calculator": self.calculator,
            "wavenumbers_cm1": self.wavenumbers_cm1.tolist(),
            "warnings": list(self.warnings),
        }


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
        symmetry = symmetry_of(atoms, run.options.tolerance_a)
    length = displacement_length(run.engine, run.options)
    phonopy = phonopy_of(atoms, run.options.tolerance_a)
    phonopy.generate_displacements(distance=length)
    displaced = [_displaced(atoms, entry) for entry in phonopy.dataset["first_atoms"]]
    warnings = _warnings(run, symmetry, len(displaced))
    for sentence in warnings:
        run.progress.message(sentence)
    at_rest = run.runner.evaluate([atoms], kind="reference", show=False)[0].result
    results = run.runner.evaluate(displaced, kind="displacement")
    phonopy.forces = [r.result.forces_ev_per_a - at_rest.forces_ev_per_a for r in results]
    phonopy.produce_force_constants(show_drift=False)
    hessian, quality = symmetrise_hessian(hessian_from_phonopy(phonopy.force_constants))
    wavenumbers, eigenvectors = gamma_modes(hessian, atoms.get_masses())
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
    )
    _write(run, phonopy, result)
    return result


def _warnings(run: Run, symmetry: CrystalSymmetry, n_displacements: int) -> tuple[str, ...]:
    sentences = []
    if run.primitive.warning:
        sentences.append(run.primitive.warning)
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


def _write(run: Run, phonopy: Any, result: GammaPhonons) -> None:
    from ase.io import write

    scratch = run.folder.path / ".writing.yaml"
    phonopy.save(
        filename=str(scratch),
        settings={"force_sets": True, "displacements": True, "force_constants": False},
    )
    scratch.replace(run.folder.phonopy_file)
    scratch = run.folder.path / ".writing.extxyz"
    write(scratch, result.atoms, format="extxyz")
    scratch.replace(run.folder.relaxed_file)
    content = result.to_dict()
    content["label"] = run.label
    write_json(run.folder.path / "phonons.json", content)


def load_gamma_phonons(path: Path) -> GammaPhonons:
    """Gamma phonons of a finished run folder.

    Parameters
    ----------
    path
        The run folder.

    Raises
    ------
    InputError
        If it is not a run folder, or its phonons are not finished.

    """
    identity = RunFolder.identity_of(path)
    folder = RunFolder(path)
    summary_file = path / "phonons.json"
    if not folder.phonopy_file.is_file() or not summary_file.is_file():
        raise InputError(
            f"The run in {path} is not finished: it has no force constants yet.",
            why="It was interrupted before its last displacement.",
            fix="Run the command that made it again; finished calculations are kept.",
        )
    summary = read_json(summary_file)
    if not (isinstance(summary, dict) and "raw_force_constants" in summary):
        raise InputError(
            f"{summary_file} does not describe phonons.",
            why="It has no entry 'raw_force_constants'.",
            fix="Run the command that made it again; finished calculations are kept.",
        )
    atoms, force_constants = read_phonopy_file(folder.phonopy_file)
    tolerance = float(identity.get("symprec (Å)", SYMMETRY_TOLERANCE_A))
    hessian, _ = symmetrise_hessian(hessian_from_phonopy(force_constants))
    wavenumbers, eigenvectors = gamma_modes(hessian, atoms.get_masses())
    return GammaPhonons(
        atoms=atoms,
        symmetry=symmetry_of(atoms, tolerance),
        hessian_ev_a2=hessian,
        wavenumbers_cm1=wavenumbers,
        eigenvectors=eigenvectors,
        n_displacements=summary.get("n_displacements"),
        displacement_a=summary.get("displacement_a"),
        quality=ForceConstantQuality.from_dict(summary["raw_force_constants"]),
        relaxation=summary.get("relaxation"),
        calculator=summary.get("calculator", {}),
        warnings=tuple(summary.get("warnings", ())),
        tolerance_a=tolerance,
    )


#: What phonopy's reader raises for a damaged file, YAML's own errors apart.
_PHONOPY_READING_ERRORS = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
)


def read_phonopy_file(path: Path) -> tuple[Atoms, NDArray[np.float64]]:
    """Structure and force constants of a phonopy YAML file whose supercell is the primitive cell.

    Parameters
    ----------
    path
        ``phonopy_params.yaml``.

    Returns
    -------
    tuple
        Primitive cell and (n, n, 3, 3) force constants, eV/Å².

    Raises
    ------
    InputError
        If the file is damaged or holds no force constants.

    """
    import phonopy
    import yaml
    from ase import Atoms as PlainAtoms

    try:
        loaded = phonopy.load(
            str(path), log_level=0, produce_fc=True, symmetrize_fc=False, is_compact_fc=False
        )
    except (*_PHONOPY_READING_ERRORS, yaml.YAMLError) as error:
        raise InputError(
            f"{path} cannot be read by phonopy.",
            why=f"It is damaged or incomplete ({type(error).__name__}).",
            fix="Delete it and run the command that made it again; stored forces are kept.",
        ) from error
    cell = loaded.primitive
    constants = loaded.force_constants
    if constants is None or len(constants) != len(cell):
        raise InputError(
            f"{path} holds no force constants of the primitive cell.",
            why="Only Gamma phonons of a single cell are handled.",
            fix="Give a run folder made by: reticulum phonons",
        )
    atoms = PlainAtoms(
        symbols=cell.symbols,
        cell=cell.cell,
        scaled_positions=cell.scaled_positions,
        masses=cell.masses,
        pbc=True,
    )
    return atoms, np.array(constants, dtype=np.float64)
