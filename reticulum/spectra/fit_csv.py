"""Tables of a band fit as CSV, with units and where they come from in the first lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum import __version__
from reticulum.errors import InputError
from reticulum.spectra.band_data import BandData
from reticulum.spectra.leading_models import leading_rival, leading_two_state

if TYPE_CHECKING:
    from reticulum.spectra.band_positions import BandPositions
    from reticulum.spectra.model_comparison import ModelOutcome
    from reticulum.spectra.profile_likelihood import ProfileLikelihood
    from reticulum.spectra.vant_hoff import VantHoffPoints

#: Columns of the table of spectra that hold what was measured and prepared.
_MEASURED = ("number", "spectrum", "temperature_k", "cycle", "direction", "wavenumber_cm1", "value")


def positions_csv(data: BandData, positions: BandPositions) -> str:
    """Table of the single band in each spectrum."""
    return _table(
        (
            f"one {positions.shape.value} band fitted to each spectrum alone",
            "temperature K; centre and FWHM cm-1; area value*cm-1; errors are standard errors",
        ),
        ("number", "spectrum", "temperature_k", "cycle", "direction", "centre_cm1",
         "centre_error_cm1", "fwhm_cm1", "fwhm_error_cm1", "area", "area_error"),
        zip(
            range(1, data.n_spectra + 1),
            data.labels,
            data.temperatures_k.tolist(),
            data.cycles.tolist(),
            (direction or "" for direction in data.directions),
            positions.centres_cm1.tolist(),
            positions.centre_errors_cm1.tolist(),
            positions.fwhms_cm1.tolist(),
            positions.fwhm_errors_cm1.tolist(),
            positions.areas.tolist(),
            positions.area_errors.tolist(),
            strict=True,
        ),
    )  # fmt: skip


def models_csv(outcomes: Sequence[ModelOutcome]) -> str:
    """Table of every model, one row a parameter; models without shared parameters have one row."""
    rows: list[tuple[object, ...]] = []
    for outcome in outcomes:
        head = (
            outcome.name,
            outcome.picture.value,
            outcome.misfit_percent,
            outcome.bic,
            outcome.aicc,
            outcome.n_points,
            outcome.n_parameters,
        )
        if outcome.fit is None:
            rows.append((*head, "", "", "", ""))
            continue
        errors = outcome.fit.errors
        for name, value in outcome.fit.parameters.items():
            how = "held" if name in outcome.fit.held else "fitted"
            rows.append((*head, name, value, errors[name], how))
    return _table(
        (
            "every model of the series; units stand in the names of the parameters",
            "polynomials: centre_n and fwhm_n in cm-1/(100 K)^n about 298.15 K",
            "misfit: rms of the residuals in % of the largest value; errors are standard errors "
            "of the joint fit",
        ),
        ("model", "picture", "misfit_percent", "bic", "aicc", "n_points", "n_parameters",
         "parameter", "value", "standard_error", "how"),
        rows,
    )  # fmt: skip


def vant_hoff_csv(points: VantHoffPoints) -> str:
    """Table of ln K of each spectrum from the two-step procedure."""
    columns, rows = points.rows()
    return _table(
        (
            "two-step procedure, for comparison with papers: K = [loose]/[tight] from free areas",
            "ln_k_error: centres and widths taken as exactly known; joint_ln_k_error: with theirs",
        ),
        columns,
        rows,
    )


def profiles_csv(profiles: Sequence[ProfileLikelihood]) -> str:
    """Table of the profile likelihoods."""
    rows = [
        (profile.parameter, value, excess)
        for profile in profiles
        for value, excess in zip(profile.values.tolist(), profile.excess.tolist(), strict=True)
    ]
    return _table(
        (
            "profile likelihoods of the two-state law; units stand in the names of the parameters",
            "excess: -2 ln(L/L_max) with all other parameters at their best",
        ),
        ("parameter", "value", "excess"),
        rows,
    )


def spectra_csv(data: BandData, outcomes: Sequence[ModelOutcome]) -> str:
    """Long table of what was fitted, and the curves of the first model of each picture (by BIC)."""
    two, one = leading_two_state(outcomes), leading_rival(outcomes)
    named = {"two_states": two, "one_band": one}
    shown = {name: o for name, o in named.items() if o is not None and o.fit is not None}
    comments = ["data as fitted (after conversion and preparation); wavenumber cm-1, temperature K"]
    comments += [f"{name}: {outcome.name}" for name, outcome in shown.items()]
    rows: list[tuple[object, ...]] = []
    for number in range(data.n_spectra):
        y = data.values[number]
        fits: list[list[float]] = []
        for outcome in shown.values():
            assert outcome.fit is not None
            residual = outcome.fit.residuals[number]
            fits += [(y - residual).tolist(), residual.tolist()]
        rows += zip(
            repeat(number + 1),
            repeat(data.labels[number]),
            repeat(float(data.temperatures_k[number])),
            repeat(int(data.cycles[number])),
            repeat(data.directions[number] or ""),
            data.wavenumbers_cm1[number].tolist(),
            y.tolist(),
            *fits,
            strict=False,
        )
    columns = [f"{kind}_{name}" for name in shown for kind in ("fit", "residual")]
    return _table(comments, (*_MEASURED, *columns), rows)


def read_spectra_csv(text: str) -> BandData:
    """Read the data of `spectra_csv` back, every digit.

    Raises
    ------
    InputError
        If the text is not such a table.

    """
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    try:
        rows = list(csv.DictReader(lines))
        numbers = [int(row["number"]) for row in rows]
        starts = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist()]
        blocks = [rows[a:b] for a, b in zip(starts, [*starts[1:], len(rows)], strict=True)]
        return BandData(
            temperatures_k=_floats([block[0] for block in blocks], "temperature_k"),
            cycles=np.array([int(block[0]["cycle"]) for block in blocks], dtype=np.int64),
            wavenumbers_cm1=tuple(_floats(block, "wavenumber_cm1") for block in blocks),
            values=tuple(_floats(block, "value") for block in blocks),
            labels=tuple(block[0]["spectrum"] for block in blocks),
            directions=tuple(block[0]["direction"] or None for block in blocks),
        )
    except (KeyError, TypeError, ValueError, IndexError, csv.Error) as error:
        raise InputError(
            "The table of spectra of the saved fit cannot be read.",
            why=f"{type(error).__name__}: {error}.",
            fix="Fit the measured spectra again.",
        ) from error


def _floats(rows: Sequence[dict[str, str]], name: str) -> NDArray[np.float64]:
    return np.array([float(row[name]) for row in rows])


def _table(
    comments: Iterable[str], columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> str:
    """Text of a table; floats in the shortest form that reads back to the same bits."""
    stream = io.StringIO()
    for comment in (*comments, f"written by reticulum {__version__}; settings are in fit.json"):
        stream.write(f"# {comment}\n")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([repr(float(v)) if isinstance(v, float) else v for v in row] for row in rows)
    return stream.getvalue()
