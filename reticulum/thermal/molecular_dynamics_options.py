"""The options of molecular dynamics and their defaults (no heavy imports)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reticulum.errors import InputError


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
    time_step_fs: float = 0.5
    equilibration_ps: float = 2.0
    production_ps: float = 24.0
    equilibration_friction_per_ps: float = 5.0
    friction_per_ps: float = 0.5
    segment_ps: float = 3.0
    sample_every: int = 4
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
