"""What the paper on mixed ruthenium-copper frameworks prints, against itself."""

from __future__ import annotations

import math
from itertools import pairwise

from reticulum.reference.paper_claims import PrintedNumbers
from reticulum.report.paper_check_finding import Allowance, Finding, Verdict, allowance, verdict_of
from reticulum.report.paper_check_numbers import compared

#: Atoms of one formula unit by element; btc is C9H3O6.
_MIXED = {"Ru": 2, "Cu": 4, "C": 36, "H": 12, "O": 24, "Cl": 1}
_RU6 = {"Ru": 6, "C": 36, "H": 12, "O": 24, "Cl": 3}

#: Paddlewheels on one linker (btc has three carboxylates) and linkers on one paddlewheel.
_NODES_PER_LINKER, _LINKERS_PER_NODE = 3, 4

#: Ru2 on each linker in the ordered crystal: each ruthenium metallomonomer brings its linkers.
_RU_PER_LINKER = 1

#: Distances compared: of the mixed material, of the reference, and words for both.
_DISTANCES = (
    ("exafs_ru_o", "crystal_ru_o", "Ru-O", "Ru2(OBz)4Cl"),
    ("exafs_ru_ru", "crystal_ru_ru", "Ru-Ru", "Ru2(OBz)4Cl"),
    ("exafs_ru_cl", "crystal_ru_cl", "Ru-Cl", "Ru2(OBz)4Cl"),
    ("exafs_cu_o", "crystal_cu_o", "Cu-O", "[Cu3(btc)2]"),
    ("exafs_cu_cu", "crystal_cu_cu", "Cu-Cu", "[Cu3(btc)2]"),
)

#: Infrared bands compared: of the mixed material, of its parent, and words.
_BANDS = (
    ("coo_cu_antisymmetric", "coo_cu_antisymmetric_parent", "COO-Cu2"),
    ("coo_ru_symmetric", "coo_ru_symmetric_parent", "COO-Ru2"),
)


def ru2cu4_findings(printed: PrintedNumbers) -> tuple[Finding, ...]:
    """Findings on cells, distances, composition, surface areas and bands [Gao2020]_.

    Parameters
    ----------
    printed
        What the paper prints.

    """
    return (
        _contraction(printed, "c_mixed", 1.0, "c"),
        _contraction(printed, "a_mixed", math.sqrt(2.0), "a√2"),
        _tetragonal(printed),
        _bond_lengths(printed),
        *_neighbours(printed),
        _composition(printed),
        *(_distance(printed, *row) for row in _DISTANCES),
        *(_band(printed, *row) for row in _BANDS),
        _mass_ratio(printed),
        _surface(printed, "bet", "BET"),
        _surface(printed, "langmuir", "Langmuir"),
        _inert(printed),
        _tcne_order(printed),
    )


def formula_mass_amu(counts: dict[str, int]) -> float:
    """Mass of a formula unit, u, with standard atomic masses."""
    from ase.data import atomic_masses, atomic_numbers

    return float(sum(n * atomic_masses[atomic_numbers[symbol]] for symbol, n in counts.items()))


def _contraction(printed: PrintedNumbers, key: str, factor: float, name: str) -> Finding:
    copper, mixed, ruthenium = printed["a_cu"], printed[key], printed["a_ru6"]
    value = factor * mixed.value
    outside = max(0.0, copper.value - value, value - ruthenium.value)
    allowed = allowance("errors of the cells", [(factor, mixed), (1.0, copper), (1.0, ruthenium)])
    return Finding(
        key=f"contraction-{key[0]}",
        claim="The lattice contracts monotonically with the copper content"
        + (" (c axis)" if key == "c_mixed" else " (checked on the a axis, too)"),
        passage=mixed.passage,
        source=printed.source,
        recomputed_from=(
            f"{name} of the mixed crystal against a of both parents, {copper.text} and "
            f"{ruthenium.text} Å; between them agrees"
        ),
        unit="angstrom",
        claimed=None,
        recomputed=value,
        disagreement=outside,
        allowance=allowed,
        verdict=verdict_of(outside, allowed),
    )


def _tetragonal(printed: PrintedNumbers) -> Finding:
    a, c = printed["a_mixed"], printed["c_mixed"]
    split = c.value - math.sqrt(2.0) * a.value
    allowed = allowance("errors of a and c", [(math.sqrt(2.0), a), (1.0, c)])
    hidden = max(0.0, allowed.total - abs(split))
    return Finding(
        key="tetragonal",
        claim="The mixed crystal is tetragonal, I4/mmm, not cubic",
        passage=a.passage,
        source=printed.source,
        recomputed_from="c - a√2, which is 0 in the cubic crystal; beyond its error agrees",
        unit="angstrom",
        claimed=None,
        recomputed=split,
        disagreement=hidden,
        allowance=Allowance(rounding=0.0, error=0.0, reason="the error is in the disagreement"),
        verdict=Verdict.CONTRADICTS if hidden > 0.0 else Verdict.AGREES,
        remark=(
            f"c/(a√2) is {c.value / (math.sqrt(2.0) * a.value):.4f}; the splitting is "
            f"{abs(split) / allowed.error:.0f} times its quoted error. A cell does not prove "
            "which order it has."
            if allowed.error > 0.0
            else ""
        ),
    )


def _bond_lengths(printed: PrintedNumbers) -> Finding:
    ru, cu = printed["ru_o_molecule"], printed["cu_o_molecule"]
    longer = ru.value - cu.value
    allowed = allowance("errors of both distances", [(1.0, ru), (1.0, cu)])
    short = max(0.0, -longer)
    return Finding(
        key="bond-lengths",
        claim="Ru-O is longer than Cu-O, in line with the cells",
        passage=ru.passage,
        source=printed.source,
        recomputed_from=f"{ru.text} - {cu.text} Å of the molecules; 0 or more agrees",
        unit="angstrom",
        claimed=None,
        recomputed=longer,
        disagreement=short,
        allowance=allowed,
        verdict=verdict_of(short, allowed),
        remark=f"The difference is {longer / allowed.error:.1f} times its quoted error.",
    )


def neighbour_counts(ru_per_linker: int) -> dict[str, int]:
    """Neighbours of a paddlewheel over its linkers, when each linker has so many Ru2.

    Returns
    -------
    dict
        Cu2 around Ru2, Cu2 around Cu2, Ru2 around Cu2, keyed as in the table.

    """
    copper = _NODES_PER_LINKER - ru_per_linker
    return {
        "cu_nodes_around_ru": _LINKERS_PER_NODE * copper,
        "cu_nodes_around_cu": _LINKERS_PER_NODE * (copper - 1),
        "ru_nodes_around_cu": _LINKERS_PER_NODE * ru_per_linker,
    }


def _neighbours(printed: PrintedNumbers) -> tuple[Finding, ...]:
    exact = Allowance(rounding=0.0, error=0.0, reason="whole numbers")
    words = {
        "cu_nodes_around_ru": "Cu2 around each Ru2",
        "cu_nodes_around_cu": "Cu2 around each Cu2",
        "ru_nodes_around_cu": "Ru2 around each Cu2",
    }
    return tuple(
        compared(
            printed[key],
            float(count),
            exact,
            key=key.replace("_", "-"),
            claim=f"{printed[key].text} {words[key]}",
            recomputed_from=(
                f"{_LINKERS_PER_NODE} linkers on a paddlewheel, {_NODES_PER_LINKER} paddlewheels "
                f"on a linker, {_RU_PER_LINKER} of them Ru2"
            ),
        )
        for key, count in neighbour_counts(_RU_PER_LINKER).items()
    )


def _composition(printed: PrintedNumbers) -> Finding:
    number = printed["cu_per_ru"]
    return compared(
        number,
        (_NODES_PER_LINKER - _RU_PER_LINKER) / _RU_PER_LINKER,
        Allowance(rounding=0.0, error=0.0, reason="whole numbers"),
        key="composition",
        claim="Ru:Cu is 1:2",
        recomputed_from="one Ru2 and two Cu2 on each linker",
        remark="No error of the measured ratio is printed in the text.",
    )


def _distance(
    printed: PrintedNumbers, key: str, reference: str, name: str, compound: str
) -> Finding:
    mixed, other = printed[key], printed[reference]
    return compared(
        mixed,
        other.value,
        allowance("errors of both distances", [(1.0, mixed), (1.0, other)]),
        key=f"distance-{name}",
        claim=f"{name} of {mixed.text} Å is consistent with {compound}",
        recomputed_from=f"{other.text} Å in its single crystal, as the paper quotes it",
        remark=(
            "The chlorine is disordered over two axial sites in the framework."
            if name == "Ru-Cl"
            else ""
        ),
    )


def _band(printed: PrintedNumbers, key: str, reference: str, name: str) -> Finding:
    mixed, parent = printed[key], printed[reference]
    return Finding(
        key=f"band-{key.replace('_', '-')}",
        claim=f"The {name} stretch at {mixed.text} cm⁻¹ is consistent with its parent",
        passage=mixed.passage,
        source=printed.source,
        recomputed_from=f"{parent.text} cm⁻¹, as the paper quotes it",
        unit="cm-1",
        claimed=mixed.value,
        recomputed=parent.value,
        disagreement=abs(mixed.value - parent.value),
        allowance=Allowance(
            rounding=mixed.rounding + parent.rounding, error=0.0, reason="rounding of both"
        ),
        verdict=Verdict.UNDECIDED,
        remark="Resolution and widths are not printed in the text.",
    )


def _mass_ratio(printed: PrintedNumbers) -> Finding:
    number = printed["mass_ratio"]
    ratio = formula_mass_amu(_RU6) / formula_mass_amu(_MIXED)
    return compared(
        number,
        ratio,
        Allowance(rounding=number.rounding, error=0.0, reason="one unit of the last digit, for ~"),
        key="mass-ratio",
        claim=f"The formula masses of [Ru6(btc)4Cl3] and [Ru2Cu4(btc)4Cl] are as {number.text}",
        recomputed_from=(
            f"{formula_mass_amu(_RU6):.1f} and {formula_mass_amu(_MIXED):.1f} u, from the formulas"
        ),
        remark="Rounded, the ratio is 1.2.",
    )


def _surface(printed: PrintedNumbers, key: str, name: str) -> Finding:
    mixed, ruthenium = printed[f"{key}_mixed"], printed[f"{key}_ru6"]
    number = printed["mass_ratio"]
    ratio = mixed.value / ruthenium.value
    allowed = allowance(
        "rounding of the areas, one unit of the last digit for ~",
        [
            (1.0 / ruthenium.value, mixed),
            (ratio / ruthenium.value, ruthenium),
            (1.0, number),
        ],
    )
    return compared(
        number,
        ratio,
        allowed,
        key=f"surface-{key}",
        claim=f"{name} areas differ about as the formula masses do, {number.text}",
        passage=mixed.passage,
        recomputed_from=f"{mixed.text} over {ruthenium.text} m²/g",
        remark="No error of a surface area is printed in the text.",
    )


def _inert(printed: PrintedNumbers) -> Finding:
    limit = printed["inert_below"]
    rates = [printed[key] for key in ("exchange_ru3", "exchange_ru2", "exchange_cr3")]
    fastest = max(rates, key=lambda rate: rate.value)
    beyond = max(0.0, fastest.value - limit.value)
    allowed = allowance("rounding of both", [(1.0, limit), (1.0, fastest)])
    return Finding(
        key="inert-ions",
        claim=f"Ru(II), Ru(III) and Cr(III) are inert: below {limit.text} per second",
        passage=f"{limit.passage}; {fastest.passage}",
        source=printed.source,
        recomputed_from="fastest of the water exchange rates printed",
        unit="1/s",
        claimed=limit.value,
        recomputed=fastest.value,
        disagreement=beyond,
        allowance=allowed,
        verdict=verdict_of(beyond, allowed),
    )


def _tcne_order(printed: PrintedNumbers) -> Finding:
    ligands = ("btc", "amidate", "pyridonate")
    upper = [printed["tcne_free"], *(printed[f"tcne_{name}"] for name in ligands)]
    lower = [printed["tcne_free_lower"], *(printed[f"tcne_{name}_lower"] for name in ligands)]
    rise = max(
        0.0,
        *(
            after.value - before.value
            for series in (upper, lower)
            for before, after in pairwise(series)
        ),
    )
    allowed = Allowance(rounding=2.0 * upper[0].rounding, error=0.0, reason="rounding of two bands")
    least = upper[-2].value - upper[-1].value
    return Finding(
        key="tcne-order",
        claim="The C-N bands of TCNE fall from carboxylate to amidate to pyridonate",
        passage=upper[0].passage,
        source=printed.source,
        recomputed_from="largest rise along either series of printed bands; 0 agrees",
        unit="cm-1",
        claimed=None,
        recomputed=rise,
        disagreement=rise,
        allowance=allowed,
        verdict=verdict_of(rise, allowed),
        remark=(
            f"The last two differ by {least:g} cm⁻¹ in the upper band and by "
            f"{lower[-2].value - lower[-1].value:g} in the lower: their order rests on one band."
        ),
    )
