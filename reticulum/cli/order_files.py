"""Files of `reticulum order`: structures of orderings, and the figure of a study."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from reticulum.cli.console import TerminalProgress, counted
from reticulum.errors import InputError
from reticulum.scratch import is_scratch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ase import Atoms

    from reticulum.ordering.orderings import Ordering
    from reticulum.ordering.study import OrderingStudy
    from reticulum.ordering.sublattice import ClusterSublattice

#: Structures from which on their writing, a third of a second each, is worth a progress bar.
_MANY = 20


def require_new_folder(folder: str) -> None:
    """Refuse a folder that holds something or has no parent, before anything is computed."""
    path = Path(folder)
    if path.exists() and (
        not path.is_dir() or any(not is_scratch(entry.name) for entry in path.iterdir())
    ):
        raise InputError(
            f"{folder} exists already.",
            why="Files in it could be overwritten.",
            fix="Give a new folder, or an empty one.",
        )
    if not path.absolute().parent.is_dir():
        raise InputError(
            f"The folder {folder} cannot be made.",
            why=f"There is no folder {path.absolute().parent}.",
            fix="Give a new folder in an existing one.",
        )


def require_writable_orderings(
    sublattice: ClusterSublattice,
    metals: Sequence[str],
    file_format: str,
    *,
    p1: bool,
    adjusted: bool,
) -> None:
    """Refuse what could not be written, before anything is computed."""
    from reticulum.frameworks.cluster_graph import ClusterKind
    from reticulum.frameworks.paddlewheel_table import load_paddlewheel
    from reticulum.frameworks.writing import structure_format, structure_suffix

    name = structure_format(f"x{structure_suffix(file_format)}", file_format)
    if p1 and name != "cif":
        raise InputError(
            f"--p1 has no meaning for {file_format}: it always holds every atom.",
            why="Only CIF has a symmetrised form.",
            fix="Leave --p1 out, or write CIF.",
        )
    if not adjusted:
        return
    other = [c.label for c in sublattice.graph.clusters if c.kind is not ClusterKind.PADDLEWHEEL]
    if other:
        raise InputError(
            f"The distances of {sublattice.name} cannot be adjusted.",
            why=f"Its clusters ({other[0]}) are no paddlewheels, for which distances are known.",
            fix="Use --distances kept.",
        )
    for metal in (sublattice.metal, *metals):
        load_paddlewheel(metal)


def require_rods(sublattice: ClusterSublattice, rules: Any) -> None:
    """Refuse a figure where there are no rods to draw, before anything is computed."""
    from reticulum.errors import InputError
    from reticulum.ordering.rod_packings import cage_lattice, metal_of_rods

    if metal_of_rods(sublattice, tuple(rules)) is None or cage_lattice(sublattice) is None:
        raise InputError(
            f"There is no figure for {sublattice.name} under this rule.",
            why="Only packings of rods (tbo frameworks, one cluster of a metal on each linker) "
            "are drawn.",
            fix="Leave --figure out.",
        )


def draw_study(found: OrderingStudy, sublattice: ClusterSublattice, figure: str) -> None:
    """Draw the rod packings of a study into a file."""
    from reticulum.ordering.rod_packings import metal_of_rods
    from reticulum.plotting.files import save_figure
    from reticulum.plotting.rod_packings import figure_rod_packings

    drawn = [
        (packing, ordering.symmetry.space_group)
        for packing, ordering in zip(found.packings, found.orderings, strict=True)
        if packing is not None
    ]
    drawn.sort(key=lambda entry: (entry[0].period, entry[0].sequence))
    metal = metal_of_rods(sublattice, found.rules) or sublattice.metal
    save_figure(
        figure_rod_packings(
            [packing for packing, _ in drawn],
            [group for _, group in drawn],
            sublattice.label_of(metal),
        ),
        Path(figure),
    )
    typer.echo(f"Figure written to {figure}", err=True)


def write_orderings(
    orderings: Sequence[Ordering],
    path: str,
    file_format: str,
    *,
    p1: bool,
    adjusted: bool,
) -> str:
    """Write structures, or those that an earlier, killed call left out, and say so in a sentence.

    They have the parent's distances or those of the metals.
    """
    from reticulum.frameworks.structure_folder import structure_folder
    from reticulum.frameworks.writing import structure_suffix, write_structure
    from reticulum.ordering.structures import ordered_structure, ordering_provenance

    suffix = structure_suffix(file_format)
    width = len(str(len(orderings)))
    progress = TerminalProgress()
    kind = "structures with adjusted distances" if adjusted else "writing structures"
    worst = [0.0] * 4
    identity = _identity(orderings, file_format, p1=p1, adjusted=adjusted)
    with structure_folder(Path(path), identity, len(orderings), _command()) as folder:
        told = adjusted or folder.resumed or len(orderings) > _MANY
        if told:
            progress.start(kind, len(orderings), folder.n_before)
        try:
            for number, ordering in enumerate(orderings, start=1):
                group = ordering.symmetry.space_group.replace("/", "_")
                name = f"{number:0{width}d}_{group}{suffix}"
                misses = folder.facts(name)
                if misses is None:
                    atoms = ordered_structure(ordering)
                    atoms, misses = _adjusted(atoms) if adjusted else (atoms, [])
                    write_structure(
                        atoms,
                        folder.path / name,
                        format=file_format,
                        symmetrised=not p1,
                        provenance=ordering_provenance(ordering, adjusted=adjusted),
                        overwrite=folder.resumed,
                    )
                    folder.complete(name, misses)
                    if told:
                        progress.advance(kind, 0.0)
                if adjusted:
                    worst = [max(pair) for pair in zip(worst, misses, strict=True)]
            if told:
                progress.finish(kind)
        except KeyboardInterrupt:
            if told:
                progress.finish(kind)
            if folder.n_done:
                progress.message(
                    f"{folder.n_done} of {counted(len(orderings), 'structure')} are complete in "
                    f"{path}; the same command again writes the others."
                )
            raise
    how = (
        "metals replaced, distances and cell adjusted to the usual ones of each metal by "
        f"geometry alone. Largest miss of a metal's distance {worst[0]:.3f} Å, change of the shape "
        f"around a metal {worst[1]:.3f} Å, of a linker's bond {worst[2]:.4f} Å and angle "
        f"{worst[3]:.2f}°"
        if adjusted
        else "metals replaced, cell and all distances kept as in the parent (--distances adjusted "
        "changes them)"
    )
    return f"{counted(len(orderings), 'structure')} written to {path}: {how}"


def _adjusted(atoms: Atoms) -> tuple[Atoms, list[float]]:
    """Structure with the metals' distances, and what was missed or changed, Å and degrees."""
    from reticulum.frameworks.distance_targets import TargetKind
    from reticulum.frameworks.linker_targets import linker_strain
    from reticulum.frameworks.paddlewheel_fit import meet_paddlewheel_distances

    fit = meet_paddlewheel_distances(atoms, free_cell=True)
    strain = linker_strain(fit.atoms, atoms)
    found = fit.atoms.copy()
    found.info["name"] = atoms.info["name"]
    return found, [
        fit.largest_deviation_a(TargetKind.METAL),
        fit.largest_deviation_a(TargetKind.SHAPE),
        strain.largest_bond_change_a,
        strain.largest_angle_change_deg,
    ]


def _identity(
    orderings: Sequence[Ordering], file_format: str, *, p1: bool, adjusted: bool
) -> dict[str, Any]:
    """All that decides what the files hold."""
    import hashlib
    import json

    from reticulum import __version__
    from reticulum.provenance import geometry_digest, to_jsonable

    listed = json.dumps(to_jsonable([ordering.to_dict() for ordering in orderings]))
    parents = {id(o.sites.sublattice): o.sites.sublattice.atoms for o in orderings}.values()
    return {
        "orderings": hashlib.sha256(listed.encode()).hexdigest(),
        "parent": [geometry_digest(a.numbers, a.cell[:], a.positions) for a in parents],
        "format": file_format,
        "p1": p1,
        "distances": "adjusted" if adjusted else "kept",
        "reticulum": __version__,
    }


def _command() -> str:
    """Command line, if this is one."""
    program = Path(sys.argv[0])
    return shlex.join([program.stem, *sys.argv[1:]]) if program.stem == "reticulum" else ""
