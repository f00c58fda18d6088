"""What the text of the paper on red-shifts says of Table 1, against Table 1."""

from __future__ import annotations

import numpy as np

from reticulum.reference.paper_claims import PrintedNumbers
from reticulum.report.paper_check_finding import Allowance, Finding, Verdict, verdict_of

#: Materials that the text names as those of the smallest slopes.
NAMED_SMALLEST = ("MIL-125", "MIL-125-NH2", "UiO-66")

#: Materials that the text names as those whose antisymmetric band moves more.
NAMED_ANTISYMMETRIC = ("MOF-5", "Mg-MOF-74", "Zn-MOF-74")

_AFTER_TABLE1 = "Results, paragraph before Table 1"


def table1_findings(printed: PrintedNumbers) -> tuple[Finding, ...]:
    """Findings on ranks and signs of the slopes in Table 1 [Andreeva2020]_.

    Parameters
    ----------
    printed
        What the paper prints.

    """
    return (
        _largest_slope(printed),
        *_smallest_slopes(printed),
        _sodium_benzoate(printed),
        _more_sensitive(printed),
        _all_red(printed),
        _isostructural(printed),
        _bond_strength(printed),
    )


def _slopes(printed: PrintedNumbers, band: str) -> dict[str, tuple[float, float]]:
    """Size and rounding of the slopes of Table 1 by material, cm⁻¹/K."""
    if band == "a":
        return {
            row.material: (-row.antisymmetric_cm1_per_k, row.antisymmetric_rounding_cm1_per_k)
            for row in printed.table1
        }
    return {
        row.material: (-row.symmetric_cm1_per_k, row.symmetric_rounding_cm1_per_k)
        for row in printed.table1
    }


def rank_range(slopes: dict[str, tuple[float, float]], material: str) -> tuple[int, int]:
    """Ranks, from 1 for the smallest slope, that the printed digits permit for a material."""
    value, half = slopes[material]
    others = [pair for name, pair in slopes.items() if name != material]
    surely_below = sum(other + room < value - half for other, room in others)
    maybe_below = sum(other - room <= value + half for other, room in others)
    return 1 + surely_below, 1 + maybe_below


def _ranks(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first} to {last}"


def _largest_slope(printed: PrintedNumbers) -> Finding:
    name = "MIL-125-NH2"
    slopes = {band: _slopes(printed, band) for band in "as"}
    n = len(printed.table1)
    ranks = {band: rank_range(slopes[band], name) for band in "as"}
    third = len(NAMED_SMALLEST)
    rank = min(ranks["a"][0], ranks["s"][0])
    allowed = Allowance(
        rounding=0.0, error=0.0, reason="the rank is the lowest that the digits permit"
    )
    beyond = float(max(0, rank - third))
    row = printed.row(name)
    return Finding(
        key="smallest-MIL-125-NH2",
        claim=f"{name} is among the three with the smallest slopes",
        passage=_AFTER_TABLE1,
        source=printed.source,
        recomputed_from=f"rank of {row.antisymmetric_text} and {row.symmetric_text} in Table 1",
        unit="rank",
        claimed=float(third),
        recomputed=float(rank),
        disagreement=beyond,
        allowance=allowed,
        verdict=verdict_of(beyond, allowed),
        remark=(
            f"Rank {_ranks(*ranks['a'])} of {n} by X_a and {_ranks(*ranks['s'])} of {n} by X_s, "
            f"1 being the smallest: it has the largest slopes."
            if rank == n
            else f"Rank {_ranks(*ranks['a'])} by X_a and {_ranks(*ranks['s'])} by X_s of {n}."
        ),
    )


def _smallest_slopes(printed: PrintedNumbers) -> tuple[Finding, ...]:
    """Whether the two other named materials are among the three smallest, by each band."""
    findings = []
    third = len(NAMED_SMALLEST)
    named = [name for name in NAMED_SMALLEST if name != "MIL-125-NH2"]
    for band in "as":
        slopes = _slopes(printed, band)
        limit, half = sorted(slopes.values())[third - 1]
        worst = max(named, key=lambda name: slopes[name][0])
        beyond = max(0.0, slopes[worst][0] - limit)
        allowed = Allowance(
            rounding=half + slopes[worst][1], error=0.0, reason="rounding of both slopes"
        )
        smallest = sorted(slopes, key=lambda name: slopes[name][0])
        tied = [name for name in smallest if slopes[name][0] <= limit]
        findings.append(
            Finding(
                key=f"smallest-{'antisymmetric' if band == 'a' else 'symmetric'}",
                claim=f"{' and '.join(named)} are among the smallest slopes (X_{band})",
                passage=_AFTER_TABLE1,
                source=printed.source,
                recomputed_from=f"third smallest |X_{band}| of Table 1 and the larger of the two",
                unit="cm-1/K",
                claimed=limit,
                recomputed=slopes[worst][0],
                disagreement=beyond,
                allowance=allowed,
                verdict=verdict_of(beyond, allowed),
                remark="Smallest: " + ", ".join(tied) + ".",
            )
        )
    return tuple(findings)


def _sodium_benzoate(printed: PrintedNumbers) -> Finding:
    benzoate, uio = printed.row("Sodium benzoate"), printed.row("UiO-66")
    slopes = _slopes(printed, "a")
    value, half = slopes["Sodium benzoate"]
    median = float(np.median([size for size, _ in slopes.values()]))
    below = max(0.0, median - value)
    allowed = Allowance(
        rounding=half + max(room for _, room in slopes.values()),
        error=0.0,
        reason="rounding of the slope and of the median",
    )
    first, last = rank_range(slopes, "Sodium benzoate")
    return Finding(
        key="sodium-benzoate",
        claim="Sodium benzoate shows large shifts of both bands",
        passage=_AFTER_TABLE1,
        source=printed.source,
        recomputed_from="its |X_a| in Table 1 against the median; large: not below the median",
        unit="cm-1/K",
        claimed=median,
        recomputed=value,
        disagreement=below,
        allowance=allowed,
        verdict=verdict_of(below, allowed),
        remark=(
            f"Rank {_ranks(first, last)} of {len(printed.table1)}, 1 being the smallest: "
            f"{benzoate.antisymmetric_text}, where UiO-66, said to be among the smallest, has "
            f"{uio.antisymmetric_text}. Its X_s is above the median."
        ),
    )


def _more_sensitive(printed: PrintedNumbers) -> Finding:
    surplus = {
        name: (
            abs(printed.row(name).antisymmetric_cm1_per_k)
            - abs(printed.row(name).symmetric_cm1_per_k),
            printed.row(name).antisymmetric_rounding_cm1_per_k
            + printed.row(name).symmetric_rounding_cm1_per_k,
        )
        for name in NAMED_ANTISYMMETRIC
    }
    least = min(surplus, key=lambda name: surplus[name][0] - surplus[name][1])
    value, room = surplus[least]
    short = max(0.0, -value)
    allowed = Allowance(rounding=room, error=0.0, reason="rounding of both slopes")
    return Finding(
        key="more-sensitive",
        claim=f"The antisymmetric band moves more in {', '.join(NAMED_ANTISYMMETRIC)}",
        passage=_AFTER_TABLE1,
        source=printed.source,
        recomputed_from=f"|X_a| - |X_s| of Table 1, least of the three ({least}); 0 or more agrees",
        unit="cm-1/K",
        claimed=None,
        recomputed=value,
        disagreement=short,
        allowance=allowed,
        verdict=verdict_of(short, allowed),
    )


def _all_red(printed: PrintedNumbers) -> Finding:
    slopes = [(value, half) for band in "as" for value, half in _slopes(printed, band).values()]
    least, half = min(slopes)
    wrong = max(0.0, -least)
    allowed = Allowance(rounding=half, error=0.0, reason="rounding of the slope")
    return Finding(
        key="all-red",
        claim="All materials shift to the red",
        passage=_AFTER_TABLE1,
        source=printed.source,
        recomputed_from=f"smallest |X| of the {len(slopes)} slopes of Table 1, red shift positive",
        unit="cm-1/K",
        claimed=None,
        recomputed=least,
        disagreement=wrong,
        allowance=allowed,
        verdict=verdict_of(wrong, allowed),
    )


def _isostructural(printed: PrintedNumbers) -> Finding:
    pairs = (("Mg-MOF-74", "Zn-MOF-74"), ("MUV-10 (Ca)", "MUV-10 (Mn)"))
    lines, least, room = [], float("inf"), 0.0
    for first, second in pairs:
        one, two = printed.row(first), printed.row(second)
        gap = abs(one.symmetric_cm1_per_k - two.symmetric_cm1_per_k)
        half = one.symmetric_rounding_cm1_per_k + two.symmetric_rounding_cm1_per_k
        lines.append(f"{first} and {second} differ by {gap:.4f} in X_s")
        if gap - half < least - room:
            least, room = gap, half
    short = max(0.0, room - least)
    return Finding(
        key="isostructural",
        claim="Slopes vary even between isostructural materials",
        passage=_AFTER_TABLE1,
        source=printed.source,
        recomputed_from="least difference of X_s in isostructural pairs, less its rounding",
        unit="cm-1/K",
        claimed=None,
        recomputed=least,
        disagreement=short,
        allowance=Allowance(rounding=0.0, error=0.0, reason="rounding is in the disagreement"),
        verdict=Verdict.CONTRADICTS if short > 0.0 else Verdict.AGREES,
        remark="; ".join(lines) + ".",
    )


def _bond_strength(printed: PrintedNumbers) -> Finding:
    glass, row = printed["zif_glass_slope"], printed.row("HKUST-1")
    times = row.antisymmetric_cm1_per_k / glass.value
    return Finding(
        key="slope-as-bond-strength",
        claim="A larger slope means weaker bonding",
        passage="Results, paragraph after Figure 2",
        source=printed.source,
        recomputed_from="X_a of HKUST-1 (Table 1) over the slope printed for glassy ZIF-UC-4",
        unit="1",
        claimed=None,
        recomputed=times,
        disagreement=None,
        allowance=None,
        verdict=Verdict.UNDECIDED,
        remark=(
            "On that scale the bonds of crystalline HKUST-1 would be weaker than those of a glass "
            "that flows. The slopes are of bands at different wavenumbers, and none is printed for "
            "the other band, so that not even dν/dT over ν can be compared."
        ),
    )
