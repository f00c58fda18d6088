"""What is drawn of modes (no heavy imports, so that the command line can show it)."""

from __future__ import annotations

from dataclasses import dataclass

#: Displacement of the atom that moves most, Å: seen well, and still without bonds that a viewer
#: would open. It is no physical amplitude.
AMPLITUDE_A = 0.3

#: Longest displacement of a film, Å, the length of a metal-oxygen bond: with a longer one atoms
#: pass through those they are bound to, and what is seen is no vibration.
MOST_AMPLITUDE_A = 2.0

#: Longest arrow, Å, a few times the size of a metal cluster: beside longer ones no atom is seen.
LONGEST_ARROW_A = 20.0

#: Frames of one period: smooth at the usual 20 to 30 frames a second.
N_FRAMES = 24

#: Most frames of a period: a film of 156 atoms has some 100 MB then.
MOST_FRAMES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What is drawn in films and arrows.

    Parameters
    ----------
    modes
        Numbers from 1; none means all (arrows only).
    amplitude_a
        Length of the largest displacement, Å.
    n_frames
        Frames of one period of a film.

    """

    modes: tuple[int, ...] = ()
    amplitude_a: float = AMPLITUDE_A
    n_frames: int = N_FRAMES
