"""Computed spectra with what they are, and as text: CSV and JCAMP-DX.

The molar absorption ε is napierian (I = I₀ exp(-ε c l)) and counted per mole of primitive cells;
its integral over wavenumber is the sum of the intensities of the lines. The decadic one of most
instruments is smaller by ln 10.
"""

from __future__ import annotations

import csv
import io
import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reticulum import __version__
from reticulum.spectra.calculated_spectrum import Profile, sum_of_lines

#: (1 km/mol) / (1 cm⁻¹) in L/(mol cm): 1e5 cm of a km, 1e3 cm³ of a litre.
L_PER_MOL_CM_PER_KM_PER_MOL_CM1 = 100.0

#: What the values are, with and without intensities.
ABSORPTION = "molar napierian absorption"
ABSORPTION_UNIT = "L mol-1 cm-1"
CHARACTER = "carboxylate stretch character, no intensity"

#: Decimal digits of JCAMP-DX ordinates: integers of ten digits still fit into 32 bits.
_LARGEST_ORDINATE = 2_000_000_000

#: Longest line of JCAMP-DX [McDonald1988]_.
_LINE = 78

#: Ordinates on one line of JCAMP-DX, so that it stays shorter than that.
_PER_LINE = 5

#: What has no ASCII form of its own.
_ASCII = {"⁻¹": "-1", "Å": "A", "Γ": "Gamma", "∞": "inf", "ε": "eps", "ν": "nu", "·": ".", "²": "2"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CalculatedSpectrum:
    """A computed spectrum on an even axis.

    Attributes
    ----------
    wavenumbers_cm1
        (n,) ascending and evenly spaced, cm⁻¹.
    values
        (n,) in `unit`.
    quantity
        What the values are, in words.
    unit
        Unit of the values.
    title
        Material and calculator.
    notes
        What a reader must know, in sentences.

    """

    wavenumbers_cm1: NDArray[np.float64]
    values: NDArray[np.float64]
    quantity: str
    unit: str
    title: str
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.wavenumbers_cm1.ndim != 1 or self.values.shape != self.wavenumbers_cm1.shape:
            raise ValueError("each wavenumber has one value")
        self.wavenumbers_cm1.setflags(write=False)
        self.values.setflags(write=False)

    @classmethod
    def of_lines(
        cls,
        axis_cm1: NDArray[np.float64],
        positions_cm1: NDArray[np.float64],
        heights: NDArray[np.float64],
        profile: Profile,
        *,
        intensities: bool,
        title: str,
        notes: tuple[str, ...] = (),
    ) -> CalculatedSpectrum:
        """Sum of lines as a spectrum.

        Parameters
        ----------
        axis_cm1
            (n,) wavenumbers, cm⁻¹.
        positions_cm1
            (n_lines,) cm⁻¹.
        heights
            (n_lines,) km/mol, or numbers without unit.
        profile
            Shape and widths.
        intensities
            Whether the heights are intensities, km/mol.
        title, notes
            As of the class; the profile is added to the notes.

        """
        values = sum_of_lines(axis_cm1, positions_cm1, heights, profile)
        factor = L_PER_MOL_CM_PER_KM_PER_MOL_CM1 if intensities else 1.0
        return cls(
            wavenumbers_cm1=axis_cm1.copy(),
            values=factor * values,
            quantity=ABSORPTION if intensities else CHARACTER,
            unit=ABSORPTION_UNIT if intensities else "",
            title=title,
            notes=(*notes, f"Drawn with {profile.sentence}."),
        )

    @property
    def has_intensity(self) -> bool:
        """Whether the values are absorption, with a unit of its own."""
        return bool(self.unit)

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "title": self.title,
            "quantity": self.quantity,
            "unit": self.unit,
            "notes": list(self.notes),
            "wavenumbers_cm1": self.wavenumbers_cm1.tolist(),
            "values": self.values.tolist(),
        }

    def to_csv(self) -> str:
        """CSV with a head of comments; numbers are written in full."""
        stream = io.StringIO()
        for sentence in (self.title, *self.notes, f"written by reticulum {__version__}"):
            stream.write(f"# {sentence}\n")
        writer = csv.writer(stream, lineterminator="\n")
        unit = f" / {self.unit}" if self.unit else ""
        writer.writerow(("wavenumber / cm-1", f"{self.quantity}{unit}"))
        for pair in zip(self.wavenumbers_cm1.tolist(), self.values.tolist(), strict=True):
            writer.writerow(map(repr, pair))
        return stream.getvalue()

    def to_jcamp(self) -> str:
        """JCAMP-DX 4.24 [McDonald1988]_, ordinates as integers (AFFN).

        Values are rounded to the largest of them over `_LARGEST_ORDINATE`.
        """
        largest = float(np.abs(self.values).max(initial=0.0))
        factor = largest / _LARGEST_ORDINATE if largest > 0.0 else 1.0
        ordinates = np.rint(self.values / factor).astype(np.int64).tolist()
        axis = self.wavenumbers_cm1
        unit = f" / {self.unit.upper()}" if self.unit else ""
        records = {
            "TITLE": self.title,
            "JCAMP-DX": "4.24",
            "DATA TYPE": "INFRARED SPECTRUM",
            "ORIGIN": f"computed with reticulum {__version__}",
            "OWNER": "not stated",
            "XUNITS": "1/CM",
            "YUNITS": f"{self.quantity.upper()}{unit}" if self.unit else "ARBITRARY UNITS",
            "XFACTOR": "1",
            "YFACTOR": repr(factor),
            "FIRSTX": repr(float(axis[0])),
            "LASTX": repr(float(axis[-1])),
            "NPOINTS": str(len(axis)),
            "FIRSTY": repr(ordinates[0] * factor),
        }
        lines = []
        for name, value in records.items():
            lines.append(f"##{name}={_ascii(value)}")
            if name == "TITLE":
                for note in self.notes:
                    lines += [f"$$ {part}" for part in textwrap.wrap(_ascii(note), _LINE - 3)]
        lines.append("##XYDATA=(X++(Y..Y))")
        for start in range(0, len(axis), _PER_LINE):
            row = " ".join(str(value) for value in ordinates[start : start + _PER_LINE])
            lines.append(f"{axis[start]:.6f} {row}")
        return "\n".join([*lines, "##END=", ""])


def _ascii(text: str) -> str:
    for symbol, plain in _ASCII.items():
        text = text.replace(symbol, plain)
    return text.encode("ascii", "replace").decode("ascii")
