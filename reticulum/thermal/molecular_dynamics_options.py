"""The options of molecular dynamics and their defaults (no heavy imports)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reticulum.errors import InputError

#: Length of the segments, ps, and the fewest that a user's trajectory is cut into.
SEGMENT_PS, FEWEST_SEGMENTS = 3.0, 4

#: Shortest trajectory that a user may ask for, ps: four segments that resolve 33 cm⁻¹, about the
#: width of a carboxylate band.
SHORTEST_PS = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MolecularDynamicsOptions:
    """What decides the trajectories.

    Parameters
    ----------
    temperatures_k
        K; None: both ends of the window of the published slopes.
    time_step_fs
        fs; a C-H stretch of 3100 cm⁻¹ takes 11 fs.
    equilibration_ps, production_ps
        Length of each trajectory before and while spectra are taken, ps.
    equilibration_friction_per_ps, friction_per_ps
        Friction in both parts, 1/ps. That of the second broadens every band by 5.3 cm⁻¹ for each
        1/ps and shifts none.
    segment_ps
        Length of the segments whose scatter gives the error, ps; 33/length is the resolution in
        cm⁻¹.
    sample_every
        Steps between samples of the velocities.
    seed
        Seed of velocities and noise.
    longest_hours
        Trajectories that would take longer are refused, h.

    """

    temperatures_k: tuple[float, ...] | None = None
    time_step_fs: float = 1.0
    equilibration_ps: float = 2.0
    production_ps: float = 24.0
    equilibration_friction_per_ps: float = 5.0
    friction_per_ps: float = 0.5
    segment_ps: float = SEGMENT_PS
    sample_every: int = 2
    seed: int = 0
    longest_hours: float = 24.0

    def __post_init__(self) -> None:
        """Refuse impossible options."""
        for name in (
            "time_step_fs",
            "equilibration_ps",
            "production_ps",
            "equilibration_friction_per_ps",
            "friction_per_ps",
            "segment_ps",
            "longest_hours",
        ):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(
                    f"{name} is {value}.", why="It must be a positive number.", fix="Change it."
                )
        if self.sample_every < 1 or self.seed < 0:
            raise InputError(
                f"Samples every {self.sample_every} steps and seed {self.seed} make no sense.",
                why="The first must be one or more, the second not negative.",
                fix="Change them.",
            )
        if self.n_segments < 2:
            raise InputError(
                f"{self.production_ps:g} ps hold fewer than two segments of {self.segment_ps:g} "
                "ps.",
                why="The error comes from the scatter of the segments.",
                fix="Make the trajectory longer or the segments shorter.",
            )

    @classmethod
    def chosen(
        cls, *, hours: float | None = None, picoseconds: float | None = None
    ) -> MolecularDynamicsOptions:
        """Options with what a user chose; short trajectories get shorter segments.

        Parameters
        ----------
        hours
            Longest time, h.
        picoseconds
            Length of each trajectory while spectra are taken, ps.

        Raises
        ------
        InputError
            If one of them makes no sense.

        """
        keywords: dict[str, float] = {}
        if hours is not None:
            if not (math.isfinite(hours) and hours > 0.0):
                raise InputError(
                    f"--hours is {hours:g}.",
                    why="It must be a positive number.",
                    fix="Give the hours that the trajectories may take.",
                )
            keywords["longest_hours"] = hours
        if picoseconds is not None:
            if not (math.isfinite(picoseconds) and picoseconds >= SHORTEST_PS):
                raise InputError(
                    f"--picoseconds is {picoseconds:g}.",
                    why=f"The error takes {FEWEST_SEGMENTS} segments or more, and segments of less "
                    f"than {SHORTEST_PS / FEWEST_SEGMENTS:g} ps do not resolve the bands.",
                    fix=f"Give {SHORTEST_PS:g} ps or more.",
                )
            n_segments = max(FEWEST_SEGMENTS, int(picoseconds / SEGMENT_PS + 1e-9))
            keywords |= {"production_ps": picoseconds, "segment_ps": picoseconds / n_segments}
        return cls(**keywords)  # type: ignore[arg-type]

    @property
    def n_segments(self) -> int:
        """Segments of each trajectory."""
        return int(self.production_ps / self.segment_ps + 1e-9)

    @property
    def n_equilibration(self) -> int:
        """Steps of the first part."""
        return round(self.equilibration_ps * 1000.0 / self.time_step_fs)

    @property
    def n_steps(self) -> int:
        """Steps of each trajectory, both parts."""
        return self.n_equilibration + round(self.production_ps * 1000.0 / self.time_step_fs)
