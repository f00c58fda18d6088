"""From an open run to the report on its red-shift, mechanism by mechanism."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reticulum.errors import CalculationError, InputError
from reticulum.frameworks.library import list_structures
from reticulum.reference.tables import RedShiftRow, find_table1_row, load_table1
from reticulum.thermal.mechanisms import QUICK, find_mechanism
from reticulum.thermal.quick_pictures import OscillatorResult, two_state_variants
from reticulum.thermal.redshift_report import RedShiftReport
from reticulum.thermal.stored_mechanisms import STORED_NAMES, store_mechanism, stored_mechanism

if TYPE_CHECKING:
    from reticulum.phonons.modes import ModeTable
    from reticulum.phonons.run import Run
    from reticulum.thermal.band_tracking import TrackedModes
    from reticulum.thermal.free_motions import Follow
    from reticulum.thermal.mechanism import MechanismResult
    from reticulum.thermal.mechanisms import ExpectedCost, MechanismOutcome
    from reticulum.thermal.two_state import TwoStateParameters


def measured_slopes(
    label: str, material: str | None = None, *, option: str = "--material"
) -> RedShiftRow | None:
    """Row of the published table that a structure is compared with.

    Parameters
    ----------
    label
        Name of the structure; a bundled one knows its row.
    material
        Name of the material in the table, overriding that.
    option
        Option that names the material, for the error.

    Returns
    -------
    RedShiftRow or None
        None where the structure is not of a measured material.

    Raises
    ------
    InputError
        If `material` is given and not in the table.

    """
    if material is not None:
        row = find_table1_row(material)
        if row is None:
            names = ", ".join(entry.material for entry in load_table1())
            raise InputError(
                f"There is no measured slope of {material!r}.",
                why=f"The published table has: {names}.",
                fix=f"Give one of these names, or leave {option} out.",
            )
        return row
    for card in list_structures():
        if card.name == label:
            return None if card.table1_row is None else find_table1_row(card.table1_row)
    return None


def predict_redshift(
    run: Run,
    *,
    measured: RedShiftRow | None = None,
    methods: Sequence[str] = QUICK,
    given: TwoStateParameters | None = None,
    follow: Sequence[Follow] | None = None,
    keywords: Mapping[str, Mapping[str, Any]] | None = None,
    within_minutes: Mapping[str, float] | None = None,
    known: Collection[str] = (),
    after_each: Callable[[RedShiftReport, str, MechanismOutcome], object] | None = None,
) -> RedShiftReport:
    """Phonons and the mechanisms that were asked for, in an open run.

    Mechanisms that were computed in the same run folder before are in the report too. Each result
    is stored when it is finished.

    Parameters
    ----------
    run
        From `reticulum.phonons.run.open_run`.
    measured
        Slopes to compare with.
    methods
        Names from `reticulum.thermal.mechanisms.chosen_methods`.
    given
        Two-state parameters of the user's.
    follow
        Which motions follow the metal-oxygen distance, one scan for each entry; default: the
        stiffer ones, then all.
    keywords
        Keywords for single mechanisms, by name.
    within_minutes
        Mechanisms among `methods` that are begun only if they take no longer than so many minutes
        and neither the run folder nor `known` has them, by name.
    known
        Mechanisms whose results the caller has.
    after_each
        Called after each method with the report so far, the name of the method and its outcome.

    Raises
    ------
    InputError
        If the structure has no carboxylate that binds a metal, an earlier result in the folder is
        damaged, or the only mechanism that was asked for refuses what it was given.
    CalculationError
        If the phonons failed; all that finished is kept. A mechanism that fails is named in
        `RedShiftReport.failures` instead.

    """
    from reticulum.phonons.modes import mode_table
    from reticulum.phonons.run import changed_bonds, gamma_phonons
    from reticulum.thermal.carboxylate_bands import track_carboxylate_modes

    limits = within_minutes or {}
    earlier = _earlier(run, [name for name in methods if name not in limits])
    table = mode_table(gamma_phonons(run))
    tracked = track_carboxylate_modes(table)
    # Slopes of a crystal with other bonds are not those of the material.
    another = changed_bonds(run.primitive.atoms, table.phonons.atoms)
    failures: dict[str, CalculationError | InputError] = {}
    not_begun: dict[str, ExpectedCost] = {}
    oscillators: tuple[OscillatorResult, ...] = ()
    material = None if measured is None else measured.material

    def report() -> RedShiftReport:
        shown = {oscillator.mechanism().name for oscillator in oscillators}
        stored = {name: earlier[name] for name in STORED_NAMES if name in earlier.keys() - shown}
        return RedShiftReport(
            label=run.label,
            measured=measured,
            two_state=two_state_variants(given, material) if "two-state" in methods else (),
            modes=table,
            oscillators=oscillators,
            mechanisms=tuple(
                result.doubted(another) for result, _ in stored.values() if result is not None
            ),
            verdicts_by_mechanism={name: verdict for name, (_, verdict) in stored.items()},
            failures={name: str(error) for name, error in failures.items()},
            not_begun=dict(not_begun),
        )

    def failed(name: str, title: str, error: CalculationError | InputError) -> None:
        """One mechanism that fails must not take the others with it."""
        failures[name] = error
        run.progress.message(f"{title} failed: {error.what}")

    if "oscillator" in methods:
        try:
            oscillators = _oscillators(run, table, tracked, follow, another)
        except CalculationError as error:
            failed("oscillator", "metal-oxygen oscillator", error)
    for name in methods:
        if name in QUICK:
            continue
        entry = find_mechanism(name)
        chosen = dict((keywords or {}).get(name, {}))
        try:
            if name in limits:
                if name in earlier or name in known:
                    continue
                cost = entry.cost(run, table, **chosen)
                if cost.minutes > limits[name]:
                    not_begun[name] = cost
                    continue
            outcome = entry.compute(run, table, **chosen)
        except (CalculationError, InputError) as error:
            if isinstance(error, InputError) and len(methods) == 1:
                raise
            failed(name, entry.title, error)
            continue
        found = outcome.mechanism
        found = None if found is None else found.doubted(another)
        store_mechanism(run.folder.path, name, found, outcome.verdict)
        earlier[name] = (found, outcome.verdict)
        if after_each is not None:
            after_each(report(), name, outcome)
    return report()


def _earlier(run: Run, methods: Sequence[str]) -> dict[str, tuple[MechanismResult | None, str]]:
    """Mechanisms that the run folder has; a damaged one that is computed anew is passed over."""
    found = {}
    for name in STORED_NAMES:
        try:
            stored = stored_mechanism(run.folder.path, name)
        except InputError:
            if name.removesuffix("-all") not in methods:
                raise
            continue
        if stored is not None:
            found[name] = stored
    return found


def _oscillators(
    run: Run,
    table: ModeTable,
    tracked: TrackedModes,
    follow: Sequence[Follow] | None,
    another: str,
) -> tuple[OscillatorResult, ...]:
    """Metal-oxygen scans and what follows from them; each is stored in the run folder."""
    from reticulum.thermal.free_motions import Follow
    from reticulum.thermal.metal_oxygen_scan import scan_metal_oxygen

    scans = [
        scan_metal_oxygen(run, table.phonons, tracked, follow=which)
        for which in (tuple(Follow) if follow is None else follow)
    ]
    found = tuple(OscillatorResult.from_scan(scan, another) for scan in scans)
    for oscillator in found:
        result = oscillator.mechanism()
        store_mechanism(run.folder.path, result.name, result, "")
    return found
