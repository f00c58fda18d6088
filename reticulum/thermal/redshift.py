"""The red-shift of the carboxylate bands: each picture's prediction beside the measured slopes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reticulum.errors import InputError
from reticulum.frameworks.library import list_structures
from reticulum.reference.tables import RedShiftRow, find_table1_row, load_table1
from reticulum.thermal.slopes import SlopeResult
from reticulum.thermal.two_state import (
    TwoStateParameters,
    TwoStateResult,
    published_parameters,
    two_state_prediction,
)

if TYPE_CHECKING:
    from reticulum.phonons.modes import ModeTable
    from reticulum.phonons.run import Run
    from reticulum.thermal.free_motions import Follow
    from reticulum.thermal.metal_oxygen import MetalOxygenPrediction, MetalOxygenScan

#: Material whose band the published two-state parameters were fitted to.
TWO_STATE_MATERIAL = "HKUST-1"

#: What the two-state picture leaves open.
TWO_STATE_NEGLECTS = (
    "It is fitted to the measured band, so its slope is no prediction; a single band that shifts "
    "linearly gives a similar ΔCp (linear-shift null). The published numbers are those of HKUST-1."
)

#: What the metal-oxygen oscillator leaves out.
METAL_OXYGEN_NEGLECTS = (
    "One coordinate: all metal-oxygen distances move in step, the cell is fixed, each carboxylate "
    "is an independent oscillator. In step and in a fixed cell, longer metal-oxygen bonds squeeze "
    "the linkers, which by itself shifts bands to the blue. Librations and other soft modes, "
    "thermal expansion, and the anharmonicity of the C-O stretches themselves are left out."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTwoState:
    """A two-state prediction with the origin of its parameters."""

    name: str
    origin: str
    result: TwoStateResult

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {"name": self.name, "origin": self.origin, **self.result.to_dict()}


@dataclass(frozen=True, slots=True, kw_only=True)
class OscillatorResult:
    """A metal-oxygen scan and the band positions that follow from it."""

    scan: MetalOxygenScan
    prediction: MetalOxygenPrediction

    @property
    def name(self) -> str:
        """What follows the metal-oxygen distance, in a few words."""
        return "all motions follow" if self.scan.follow == "all" else "stiffer motions follow"

    def verdicts(self, measured: RedShiftRow) -> tuple[str, str]:
        """Sentences that hold the computed slopes against the measured ones."""
        return (
            _verdict(
                f"{self.name}: antisymmetric",
                self.prediction.antisymmetric_slope.slope_cm1_per_k,
                measured.antisymmetric_cm1_per_k,
                measured.antisymmetric_text,
            ),
            _verdict(
                f"{self.name}: symmetric",
                self.prediction.symmetric_slope.slope_cm1_per_k,
                measured.symmetric_cm1_per_k,
                measured.symmetric_text,
            ),
        )

    def to_dict(self, measured: RedShiftRow | None) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "follow": self.scan.follow,
            "scan": self.scan.to_dict(),
            "prediction": self.prediction.to_dict(),
            "verdicts": [] if measured is None else list(self.verdicts(measured)),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeLine:
    """One line of the comparison: a picture, its slopes and their standing.

    Parameters
    ----------
    picture
        What gives the slopes.
    standing
        ``"measured"``, ``"fitted"``, ``"computed"`` or ``"given"``.
    antisymmetric, symmetric
        Slopes, cm⁻¹/K; None where the picture says nothing.
    curvature
        Whether the shift steepens or flattens on heating; empty where not known.

    """

    picture: str
    standing: str
    antisymmetric: float | None
    symmetric: float | None
    curvature: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "picture": self.picture,
            "standing": self.standing,
            "antisymmetric_slope_cm1_per_k": self.antisymmetric,
            "symmetric_slope_cm1_per_k": self.symmetric,
            "curvature": self.curvature,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RedShiftReport:
    """Everything that `reticulum redshift` found for one structure.

    Parameters
    ----------
    label
        Name of the structure.
    measured
        Row of Table 1; None where the material was not measured.
    two_state
        Two-state predictions.
    modes
        Gamma modes; None if no phonons were computed.
    oscillators
        The metal-oxygen oscillator with different motions following; empty likewise.

    """

    label: str
    measured: RedShiftRow | None
    two_state: tuple[NamedTwoState, ...] = ()
    modes: ModeTable | None = None
    oscillators: tuple[OscillatorResult, ...] = ()

    def lines(self) -> tuple[SlopeLine, ...]:
        """Slopes of every picture, the measured ones first."""
        lines = []
        if self.measured is not None:
            lines.append(
                SlopeLine(
                    picture=f"{self.measured.material} [{self.measured.source}]",
                    standing="measured",
                    antisymmetric=self.measured.antisymmetric_cm1_per_k,
                    symmetric=self.measured.symmetric_cm1_per_k,
                )
            )
        for entry in self.two_state:
            for what, slope in (
                ("mean", entry.result.mean_slope),
                ("one Gaussian", entry.result.one_gaussian_slope),
            ):
                if slope is not None:
                    lines.append(
                        SlopeLine(
                            picture=f"two states, {entry.name}: {what}",
                            standing=entry.origin,
                            antisymmetric=slope.slope_cm1_per_k,
                            symmetric=None,
                            curvature=slope.curvature.value,
                        )
                    )
        for oscillator in self.oscillators:
            prediction = oscillator.prediction
            lines.append(
                SlopeLine(
                    picture=f"metal-oxygen oscillator, {oscillator.name}",
                    standing="computed",
                    antisymmetric=prediction.antisymmetric_slope.slope_cm1_per_k,
                    symmetric=prediction.symmetric_slope.slope_cm1_per_k,
                    curvature=_both(prediction.antisymmetric_slope, prediction.symmetric_slope),
                )
            )
        return tuple(lines)

    def verdicts(self) -> tuple[str, ...]:
        """Sentences that hold the computed slopes against the measured ones."""
        measured = self.measured
        if measured is None:
            return ()
        return tuple(
            sentence
            for oscillator in self.oscillators
            for sentence in oscillator.verdicts(measured)
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        content: dict[str, Any] = {
            "structure": self.label,
            "measured": None if self.measured is None else self.measured.to_dict(),
            "slopes": [line.to_dict() for line in self.lines()],
        }
        if self.two_state:
            content["two_state"] = {
                "neglects": TWO_STATE_NEGLECTS,
                "variants": [entry.to_dict() for entry in self.two_state],
            }
        if self.modes is not None:
            content["phonons"] = {
                name: value
                for name, value in self.modes.phonons.to_dict().items()
                if name != "wavenumbers_cm1"
            }
            content["modes"] = self.modes.to_dict()
        if self.oscillators:
            content["metal_oxygen_oscillator"] = {
                "neglects": METAL_OXYGEN_NEGLECTS,
                "variants": [entry.to_dict(self.measured) for entry in self.oscillators],
            }
        return content

    def to_csv(self) -> str:
        """Slopes of every picture as CSV with units on the header lines."""
        rows = [
            f"# Red-shift slopes of {self.label}, least squares over -100 to 200 degC.",
            "# Units: cm-1/K; negative = red shift on heating. standing: measured, fitted to the "
            "measured band, given by the user, or computed.",
            "picture,standing,antisymmetric,symmetric,curvature",
        ]
        for line in self.lines():
            fields = [line.picture, line.standing, line.antisymmetric, line.symmetric]
            rows.append(
                ",".join(
                    ""
                    if field is None
                    else f'"{field}"'
                    if isinstance(field, str)
                    else f"{field:.6f}"
                    for field in (*fields, line.curvature)
                )
            )
        return "\n".join(rows) + "\n"


def _both(antisymmetric: SlopeResult, symmetric: SlopeResult) -> str:
    if antisymmetric.curvature == symmetric.curvature:
        return antisymmetric.curvature.value
    return f"ν_as {antisymmetric.curvature.value}, ν_s {symmetric.curvature.value}"


def _verdict(name: str, computed: float, measured: float, text: str) -> str:
    start = f"{name} slope {computed:+.4f} cm⁻¹/K, measured {text}: "
    if computed * measured < 0:
        return start + f"the wrong sign, {abs(computed - measured):.4f} cm⁻¹/K away."
    return start + f"the right sign, {100 * computed / measured:.0f} % of the size."


def two_state_variants(
    given: TwoStateParameters | None = None, material: str | None = TWO_STATE_MATERIAL
) -> tuple[NamedTwoState, ...]:
    """Two-state predictions with the published parameters, without and with ΔCp, and given ones.

    Parameters
    ----------
    given
        Parameters of the user's; None if there are none.
    material
        What the predictions are shown beside; the published parameters were fitted to HKUST-1.

    """
    variants = [
        NamedTwoState(
            name=f"HKUST-1, ΔCp {parameters.dcp_j_mol_k:g}",
            origin="fitted" if material == TWO_STATE_MATERIAL else "fitted to HKUST-1",
            result=two_state_prediction(parameters),
        )
        for parameters in (
            published_parameters(with_heat_capacity=False),
            published_parameters(with_heat_capacity=True),
        )
    ]
    if given is not None:
        variants.append(
            NamedTwoState(name="given", origin="given", result=two_state_prediction(given))
        )
    return tuple(variants)


def measured_slopes(label: str, material: str | None = None) -> RedShiftRow | None:
    """Row of the published table that a structure is compared with.

    Parameters
    ----------
    label
        Name of the structure; a bundled one knows its row.
    material
        Name of the material in the table, overriding that.

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
                fix="Give one of these names, or leave --material out.",
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
    two_state: bool = True,
    given: TwoStateParameters | None = None,
    follow: Sequence[Follow] | None = None,
) -> RedShiftReport:
    """Phonons, metal-oxygen scan and band positions against temperature of an open run.

    Parameters
    ----------
    run
        From `reticulum.phonons.run.open_run`.
    measured
        Slopes to compare with.
    two_state
        Whether to add the two-state predictions.
    given
        Two-state parameters of the user's.
    follow
        Which motions follow the metal-oxygen distance, one scan for each entry; default: the
        stiffer ones, then all.

    Raises
    ------
    InputError
        If the structure has no carboxylate that binds a metal.
    CalculationError
        If a calculation failed; all that finished is kept.

    """
    from reticulum.phonons.modes import mode_table
    from reticulum.phonons.run import gamma_phonons
    from reticulum.thermal.carboxylate_bands import track_carboxylate_modes
    from reticulum.thermal.free_motions import Follow
    from reticulum.thermal.metal_oxygen import predict_from_scan
    from reticulum.thermal.metal_oxygen_scan import scan_metal_oxygen

    table = mode_table(gamma_phonons(run))
    tracked = track_carboxylate_modes(table)
    scans = [
        scan_metal_oxygen(run, table.phonons, tracked, follow=which)
        for which in (tuple(Follow) if follow is None else follow)
    ]
    return RedShiftReport(
        label=run.label,
        measured=measured,
        two_state=two_state_variants(given, None if measured is None else measured.material)
        if two_state
        else (),
        modes=table,
        oscillators=tuple(
            OscillatorResult(scan=scan, prediction=predict_from_scan(scan)) for scan in scans
        ),
    )
