"""`reticulum redshift --methods two-state`: no calculator, no phonons."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from reticulum.reference.tables import RedShiftRow
    from reticulum.thermal.redshift_report import RedShiftReport
    from reticulum.thermal.two_state import TwoStateParameters


def two_state_only(
    structure: str, material: str | None, given: TwoStateParameters | None, output: str | None
) -> tuple[Path | None, RedShiftReport]:
    """The two fitted states alone, without a calculator, and the folder asked for."""
    from pathlib import Path

    from reticulum.cli.redshift_checks import measured_of
    from reticulum.frameworks.carboxylates import require_carboxylates
    from reticulum.frameworks.library import find_structure_card
    from reticulum.frameworks.reading import read_structure, structure_label
    from reticulum.thermal.quick_pictures import two_state_variants
    from reticulum.thermal.redshift_report import RedShiftReport

    path = None if output is None else Path(output)
    if path is not None:
        _require_two_state_folder(path)
    card = find_structure_card(structure)
    # Bundled materials of the published table have carboxylates; reading them would take longer.
    if card is None or card.table1_row is None:
        require_carboxylates(read_structure(structure))
    label = structure_label(structure)
    measured = measured_of(structure, material)
    if path is not None:
        _require_same_structure(path, label, measured)
    report = RedShiftReport(
        label=label,
        measured=measured,
        two_state=two_state_variants(given, None if measured is None else measured.material),
    )
    return path, report


def _require_two_state_folder(path: Path) -> None:
    """Refuse a folder that holds anything else than a run or an earlier two-state picture."""
    from reticulum.errors import InputError
    from reticulum.scratch import is_scratch

    if not path.is_dir() or (path / "run.json").is_file():
        return
    ours = {".lock", *(f"two-state.{suffix}" for suffix in ("json", "csv", "png", "svg"))}
    try:
        names = sorted(entry.name for entry in path.iterdir())
    except OSError as error:
        raise InputError(
            f"The folder {path} cannot be read.",
            why=str(error.strerror or error),
            fix="Choose another folder with -o.",
        ) from error
    others = [name for name in names if name not in ours and not is_scratch(name)]
    if others:
        raise InputError(
            f"The folder {path} is not empty and is not a run folder.",
            why=f"It holds {', '.join(others[:4])}; nothing is mixed with files of others.",
            fix="Choose a new folder with -o.",
        )


def _require_same_structure(path: Path, label: str, measured: RedShiftRow | None) -> None:
    """Refuse to replace the two-state picture of another structure, or one that is unreadable."""
    import os

    from reticulum.errors import InputError
    from reticulum.provenance import read_json

    file = path / "two-state.json"
    if not os.path.lexists(file):
        return
    content = read_json(file)
    there = content.get("structure") if isinstance(content, dict) else None
    if not isinstance(there, str):
        raise InputError(
            f"{file} does not describe a two-state picture.",
            why="It names no structure, so that it may be of another one.",
            fix="Move it away, or choose another folder with -o.",
        )
    row = content.get("measured")
    its = row.get("material") if isinstance(row, dict) else None
    ours = None if measured is None else measured.material
    # A material that was not named before may be named now.
    if there != label or (None not in (its, ours) and its != ours):
        raise InputError(
            f"The two-state picture in {path} is of {_in_words(there, its)}, not of "
            f"{_in_words(label, ours)}.",
            why="It would be replaced.",
            fix="Choose another folder with -o.",
        )


def _in_words(label: str, material: str | None) -> str:
    """Structure, with the material that it is compared with where that is named otherwise."""
    return label if material in (None, label) else f"{label} (material {material})"
