"""Figure of a search for a loose state: what is drawn is what was found."""

from __future__ import annotations

import numpy as np
import pytest
from loose_models import ChainOfSprings, formate_chain

from reticulum.engines.build import Engine
from reticulum.phonons.modes import mode_table
from reticulum.phonons.run import gamma_phonons, open_run
from reticulum.plotting.loose_state import figure_loose_state
from reticulum.thermal.loose_options import LooseStateOptions
from reticulum.thermal.loose_patterns import Pattern
from reticulum.thermal.loose_state_search import loose_state_redshift


@pytest.mark.parametrize("second_well", [ChainOfSprings.second_well, None])
def test_curves_and_second_minimum_are_drawn(tmp_path, second_well):
    calculator = ChainOfSprings(second_well=second_well)
    with open_run(formate_chain(), Engine.from_ase(calculator), tmp_path / "run") as run:
        result = loose_state_redshift(
            run,
            mode_table(gamma_phonons(run)),
            options=LooseStateOptions(patterns=(Pattern.ONE_BOND,)),
        )
    figure = figure_loose_state(result)
    assert len(figure.axes) == (1 if second_well is None else 2)
    axes = figure.axes[0]
    drawn = [line.get_xydata() for line in axes.lines]
    for curve in result.curves:
        points = np.stack([curve.distances_a, curve.energies_kj_mol], axis=1)
        assert any(len(line) == len(points) and np.allclose(line, points) for line in drawn)
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    stars = [line for line in axes.lines if line.get_marker() == "*"]
    if second_well is None:
        assert not stars
        assert sum("no second minimum" in text for text in texts) == 2
    else:
        (best,) = [curve.loose[0] for curve in result.curves if curve.loose]
        np.testing.assert_allclose(
            stars[0].get_xydata(), [[best.lengths_a.mean(), best.energy_kj_mol]]
        )
        assert any("second minimum, +13.1 kJ/mol" in text for text in texts)
        low, high = figure.axes[1].get_ylim()
        assert (low, high) == (0.0, 1.0)
    figure.savefig(tmp_path / "figure.png")  # and nothing in it warns
