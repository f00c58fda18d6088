"""Tables and sentences that `reticulum redshift` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from reticulum.cli.console import print_table

if TYPE_CHECKING:
    from reticulum.thermal.mechanism import Band, MechanismResult
    from reticulum.thermal.quick_pictures import OscillatorResult
    from reticulum.thermal.redshift_report import RedShiftReport, SlopeLine

#: Letters of a note that fits beside a motion in a terminal of 80 columns.
_LONGEST_NOTE = 24

#: Errors below this are written with their power of ten, cm⁻¹/K: half of the last printed digit.
_LEAST_ERROR = 5e-5

#: Rows of the table of single motions that are printed; all are in the JSON.
_SHOWN_MOTIONS = 12


def print_report(report: RedShiftReport) -> None:
    """Print the report as tables and sentences."""
    from reticulum.thermal.quick_pictures import METAL_OXYGEN_NEGLECTS
    from reticulum.units import ZERO_CELSIUS_K

    note = report.two_state_note()
    if note:
        typer.echo(f"Note: {note}\n")
    if report.modes is not None:
        from reticulum.cli.modes import print_bands
        from reticulum.cli.phonons import print_phonons

        print_phonons(report.modes.phonons)
        print_bands(report.modes)
    for entry in report.two_state:
        result = entry.result
        print_table(
            f"Two states, {entry.name} J/mol/K (fitted to the measured band of HKUST-1)"
            if entry.origin != "given"
            else "Two states with "
            + ", ".join(f"{name} {value:g}" for name, value in result.parameters.to_dict().items()),
            ("T/°C ", "ln K ", "loose ", "mean/cm⁻¹ ", "one Gaussian/cm⁻¹ ", "its FWHM/cm⁻¹ "),
            [
                (
                    f"{t - ZERO_CELSIUS_K:.0f}",
                    f"{lnk:.4f}",
                    f"{f:.4f}",
                    f"{mean:.3f}",
                    f"{centre:.2f}",
                    f"{width:.2f}",
                )
                for t, lnk, f, mean, centre, width in zip(
                    result.temperatures_k,
                    result.ln_k,
                    result.loose_fraction,
                    result.mean_cm1,
                    result.one_gaussian_cm1,
                    result.one_gaussian_fwhm_cm1,
                    strict=True,
                )
            ],
        )
    _print_two_state_neglects(report)
    for oscillator in report.oscillators:
        _print_oscillator(oscillator)
    if report.oscillators:
        typer.echo(f"Neglects: {METAL_OXYGEN_NEGLECTS}\n")
    for mechanism in report.mechanisms:
        _print_mechanism(mechanism)
    for name, verdict in (report.verdicts_by_mechanism or {}).items():
        if verdict:
            typer.echo(f"{name}: {verdict}")
    for name, reason in (report.failures or {}).items():
        typer.echo(f"{name} failed: {reason}")
    _print_slopes(report)
    for text in report.not_begun_notes():
        typer.echo(text)
    if report.measured is None:
        typer.echo("This material is not in the published table: there is nothing to compare with.")
    for sentence in report.verdicts():
        typer.echo(sentence)


def _print_two_state_neglects(report: RedShiftReport) -> None:
    """What the published parameters leave open, and what those of the user's, once each."""
    for neglects in dict.fromkeys(entry.neglects for entry in report.two_state):
        entry = next(e for e in report.two_state if e.neglects == neglects)
        given = entry.origin == "given"
        whose = "the given" if given else "the published"
        typer.echo(f"{'Given parameters' if given else 'Neglects'}: {neglects}")
        typer.echo(
            f"Linear-shift null of {whose} ΔH and ΔS: one band that shifts linearly gives ΔCp "
            f"{entry.result.linear_shift_null_dcp_j_mol_k:.0f} J/mol/K."
        )
    if report.two_state:
        typer.echo("")


def _number_or_blank(value: float) -> str:
    return f"{value:.1f}" if value == value else ""  # noqa: PLR0124 - NaN is not itself


def _print_oscillator(oscillator: OscillatorResult) -> None:
    from reticulum.units import ZERO_CELSIUS_K

    scan, prediction = oscillator.scan, oscillator.prediction
    print_table(
        f"Metal-oxygen scan, {oscillator.name}: {scan.description} ({scan.n_calls} calculations)",
        ("M-O/Å ", "E/cm⁻¹ per COO ", "ν_as/cm⁻¹ ", "ν_s/cm⁻¹ ", "M-M/Å ", "C-O/Å ", "O-C-O/° "),
        [
            (
                f"{scan.distances_a[k]:.4f}" + (" *" if k == scan.equilibrium else "  "),
                f"{scan.energies_cm1[k]:.0f}",
                _number_or_blank(scan.antisymmetric_cm1[k]),
                _number_or_blank(scan.symmetric_cm1[k]),
                f"{scan.metal_metal_a[k]:.3f}",
                f"{scan.carbon_oxygen_a[k]:.4f}",
                f"{scan.angle_deg[k]:.2f}",
            )
            for k in range(len(scan.distances_a))
        ],
    )
    print_table(
        f"Oscillator: harmonic {prediction.harmonic_cm1:.0f} cm⁻¹, first transition "
        f"{prediction.first_transition_cm1:.0f} cm⁻¹, "
        f"{scan.masses_amu[scan.equilibrium]:.1f} u per carboxylate",
        ("T/°C ", "⟨M-O⟩/Å ", "spread/Å ", "ν_as/cm⁻¹ ", "ν_s/cm⁻¹ "),
        [
            (
                f"{t - ZERO_CELSIUS_K:.0f}",
                f"{mean:.4f}",
                f"{spread:.4f}",
                f"{nu_a:.3f}",
                f"{nu_s:.3f}",
            )
            for t, mean, spread, nu_a, nu_s in zip(
                prediction.temperatures_k,
                prediction.mean_distance_a,
                prediction.spread_a,
                prediction.antisymmetric_cm1,
                prediction.symmetric_cm1,
                strict=True,
            )
        ],
    )
    for name, linear, quadratic, slope in zip(
        ("ν_as", "ν_s"),
        prediction.linear_slopes_cm1_per_k,
        prediction.quadratic_slopes_cm1_per_k,
        (
            prediction.antisymmetric_slope.slope_cm1_per_k,
            prediction.symmetric_slope.slope_cm1_per_k,
        ),
        strict=True,
    ):
        typer.echo(
            f"{name}: {linear:+.4f} cm⁻¹/K from the mean M-O distance, {quadratic:+.4f} from its "
            f"spread, {slope - linear - quadratic:+.4f} from higher terms."
        )
    for sentence in prediction.warnings:
        typer.echo(f"Warning: {sentence}")


def _print_slopes(report: RedShiftReport) -> None:
    from reticulum.report.redshift_notes import INCOMPLETE_MARK
    from reticulum.thermal.mechanism import Band

    lines = report.lines()

    def marked(line: SlopeLine, band: Band, text: str) -> str:
        return text + (INCOMPLETE_MARK if text and line.missing_errors.get(band) else "")

    errors = any(
        line.antisymmetric_error is not None and line.standing != "measured" for line in lines
    )
    print_table(
        f"Red-shift slopes of {report.label}, -100 to 200 °C",
        ("picture", "standing", "ν_as cm⁻¹/K ", "ν_s cm⁻¹/K ", "on heating"),
        [
            (
                line.picture + (" (!)" if line.doubt else ""),
                line.standing.split(" from ")[0],  # the picture names whence it is borrowed
                marked(
                    line,
                    Band.ANTISYMMETRIC,
                    slope_text(line.antisymmetric, line.antisymmetric_error),
                ),
                marked(
                    line,
                    Band.SYMMETRIC,
                    slope_text(line.symmetric, line.symmetric_error),
                ),
                line.curvature.replace(" on heating", "").partition(" (")[0],
            )
            for line in lines
        ],
    )
    if errors:
        typer.echo(
            "±: errors that were determined (statistics, step sizes, what was cut off), together; "
            "for the measured slopes half a unit of the last printed digit."
        )
    missing = (text for line in lines for found in line.missing_errors.values() for text in found)
    for sentence in dict.fromkeys(missing):
        typer.echo(f"{INCOMPLETE_MARK} Errors are missing. {sentence}")
    for line in lines:
        if line.doubt:
            typer.echo(f"(!) {line.picture} is not to be trusted: {line.doubt}")
    _print_left_out(report)
    if report.mechanisms:
        open_causes = ", ".join(part.value for part in report.open_causes())
        if open_causes:
            typer.echo(f"No method that was used accounts for: {open_causes}.")


def _print_left_out(report: RedShiftReport) -> None:
    """Why there is no sum, or mechanisms are not in it; the same for both bands is said once."""
    from reticulum.thermal.mechanism_sum import UNTRUSTED

    absent: dict[str, list[str]] = {}
    bands: dict[tuple[str, str], list[str]] = {}
    for entry in report.sums():
        if entry.no_sum_because:
            absent.setdefault(entry.no_sum_because, []).append(entry.band.value)
        if entry.is_made:
            for title, why in entry.left_out:
                # the doubts themselves stand above
                reason = "it is not to be trusted" if why.startswith(UNTRUSTED) else why
                bands.setdefault((title, reason), []).append(entry.band.value)
    for reason, found in absent.items():
        which = f"{found[0]} sum" if len(found) == 1 else "sum"
        typer.echo(f"No {which}, since {reason}.")
    for (title, reason), found in bands.items():
        sums = f"{found[0]} sum" if len(found) == 1 else "sums"
        typer.echo(f"Not in the {sums}: {title}, because {reason}.")


def slope_text(value: float | None, error: float | None) -> str:
    """Slope with its error, cm⁻¹/K; empty where there is none."""
    if value is None:
        return ""
    if error is None:
        return f"{value:+.4f}"
    # an error below the printed digits is not nothing
    small = 0.0 < error < _LEAST_ERROR
    return f"{value:+.4f}±" + (f"{error:.0e}".replace("e-0", "e-") if small else f"{error:.4f}")


def _print_mechanism(result: MechanismResult) -> None:
    shown = result.ranked()[:_SHOWN_MOTIONS]
    if shown:
        left = len(result.contributions) - len(shown)
        noted = [entry for entry in shown if entry.note]
        brief = all(len(entry.note) <= _LONGEST_NOTE for entry in shown)
        print_table(
            f"{result.title}: what single motions give"
            + (f" (the largest {len(shown)} of {len(result.contributions)})" if left else ""),
            ("motion", "cm⁻¹ ", "partners ", "ν_as cm⁻¹/K ", "ν_s cm⁻¹/K ")
            + (("note",) if noted and brief else ()),
            [
                (
                    entry.label,
                    "" if entry.wavenumber_cm1 is None else f"{entry.wavenumber_cm1:.0f}",
                    str(entry.degeneracy),
                    slope_text(entry.antisymmetric_cm1_per_k, None),
                    slope_text(entry.symmetric_cm1_per_k, None),
                    *((entry.note,) if noted and brief else ()),
                )
                for entry in shown
            ],
        )
        if noted and not brief:
            typer.echo("How each comes about is in the JSON.")
    if result.n_calls:
        typer.echo(f"{result.title}: {result.n_calls} force calculations.")
    for sentence in result.assumptions:
        typer.echo(f"{result.title}, assumes: {sentence}")
    for sentence in result.warnings:
        typer.echo(f"{result.title}, warning: {sentence}")
    typer.echo("")
