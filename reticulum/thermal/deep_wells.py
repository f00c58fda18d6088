"""Wells so deep that the crystal stays in one of them: then it has another structure.

Averages over a soft motion, and sums over several, describe vibrations about the structure that was
given. If a distortion lowers the energy by several k_B T, the calculator puts the crystal there at
all temperatures of the window, and nothing that is computed about the undistorted one applies.
"""

from __future__ import annotations

from collections.abc import Sequence

from reticulum.thermal.soft_states import SoftCourse
from reticulum.units import BOLTZMANN_CM1_PER_K, EV_TO_CM1, ZERO_CELSIUS_K

#: A well deeper than this many k_B T at the highest temperature holds the crystal: classically the
#: density in the middle is e^-2 = 0.14 of that at the bottom.
DEEP_WELL_KT = 2.0


def is_deep(course: SoftCourse, warmest_k: float) -> bool:
    """Whether the crystal stays in the well along a soft coordinate.

    Parameters
    ----------
    course
        What is known along it.
    warmest_k
        Highest temperature of the window, K.

    """
    return course.depth_cm1 > DEEP_WELL_KT * BOLTZMANN_CM1_PER_K * warmest_k


def another_structure(courses: Sequence[tuple[str, SoftCourse]], warmest_k: float) -> str:
    """Why nothing computed about the structure should be believed; empty if no well is deep.

    Parameters
    ----------
    courses
        Names of soft coordinates and what is known along them.
    warmest_k
        Highest temperature of the window, K.

    """
    deep = [entry for entry in courses if is_deep(entry[1], warmest_k)]
    if not deep:
        return ""
    name, deepest = max(deep, key=lambda entry: entry[1].depth_cm1)
    depth = deepest.depth_cm1
    quanta = depth / (BOLTZMANN_CM1_PER_K * warmest_k)
    others = len(deep) - 1
    return (
        "with this calculator the crystal has another structure: distorted along "
        f"{name} its energy is {depth:.0f} cm⁻¹ ({depth / EV_TO_CM1:.2f} eV) per primitive cell "
        f"lower, {quanta:.1f} k_B T at {warmest_k - ZERO_CELSIUS_K:.0f} °C"
        + (f"; {others} more well(s) are deeper than {DEEP_WELL_KT:g} k_B T" if others else "")
        + (
            ". reticulum phonons STRUCTURE --follow-imaginary goes to a minimum"
            if deepest.eigenvalue < 0.0
            else ". A barrier lies between: displace it along that mode and relax it"
        )
    )
