"""The figure of rod packings: no warning, one panel a packing, rods in the right directions."""

from __future__ import annotations

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.ordering.rod_packings import RodPacking
from reticulum.plotting.files import require_figure_path, save_figure
from reticulum.plotting.rod_packings import X_COLOUR, Y_COLOUR, figure_rod_packings


def test_panels_and_rods(tmp_path):
    sequences = ["x", "xy", "xxy"]
    packings = [RodPacking(stacking_axis="c", sequence=s) for s in sequences]
    figure = figure_rod_packings(packings, ["I4/mmm", "P4_2/nnm", "P-42m"], "Ru2")
    assert [axes.get_title().split("\n")[0] for axes in figure.axes] == sequences
    for axes, sequence in zip(figure.axes, sequences, strict=True):
        rods = [line for line in axes.lines if line.get_linewidth() == 3.0]
        for rod in rods:
            x, y, z = (np.asarray(values) for values in rod.get_data_3d())
            layer = sequence[int(z[0]) % len(sequence)]
            assert rod.get_color() == (X_COLOUR if layer == "x" else Y_COLOUR)
            assert (np.ptp(x) > 0) == (layer == "x")
            assert (np.ptp(y) > 0) == (layer == "y")
    save_figure(figure, tmp_path / "rods.svg")  # warnings are errors here
    assert "Ru2" in (tmp_path / "rods.svg").read_text(encoding="utf-8")


def test_figures_replace_nothing(tmp_path):
    (tmp_path / "mine.png").write_text("mine")
    for name, word in (("mine.png", "exists already"), ("a.bmp", "none of the endings"),
                       ("no/a.png", "no folder")):  # fmt: skip
        with pytest.raises(InputError) as caught:
            require_figure_path(tmp_path / name)
        assert word in str(caught.value)
