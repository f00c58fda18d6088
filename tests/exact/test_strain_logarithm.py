"""The logarithm of a cell's deformation: exact, silent where it is accurate, refused elsewhere."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.linalg import expm

from reticulum.errors import CalculationError
from reticulum.phonons.strain_logarithm import strain_logarithm


def test_it_inverts_the_exponential_and_says_nothing(capfd):
    random = np.random.default_rng(4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for size in (0.0, 1e-9, 1e-4, 1e-2, 0.3):
            strain = size * random.normal(size=(3, 3))
            np.testing.assert_allclose(strain_logarithm(expm(strain)), strain, atol=1e-12)
    assert capfd.readouterr() == ("", "")


def test_a_remark_of_scipy_on_rounding_is_not_passed_on(capfd, monkeypatch):
    def remarking(matrix):
        print("logm result may be inaccurate, approximate err = 2.3e-13")
        warnings.warn("logm result may be inaccurate", RuntimeWarning, stacklevel=1)
        return np.zeros_like(matrix)

    monkeypatch.setattr("scipy.linalg.logm", remarking)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(strain_logarithm(np.eye(3)), 0.0)
        with pytest.raises(CalculationError, match="gone too far"):
            strain_logarithm(1.001 * np.eye(3))
    assert capfd.readouterr() == ("", "")


def test_an_inverted_cell_is_refused():
    with pytest.raises(CalculationError, match="gone too far"):
        strain_logarithm(np.diag([1.0, 1.0, -1.0]))


def test_relaxing_a_cell_makes_no_remark(tmp_path, capfd):
    """Copper with one nickel, whose cell relaxes by some per cent."""
    from ase.build import bulk

    from reticulum.engines.build import resolve_engine
    from reticulum.phonons.options import PhononOptions
    from reticulum.phonons.relaxation import relax
    from reticulum.phonons.run import open_run

    alloy = bulk("Cu", cubic=True, a=3.75)
    alloy.symbols[0] = "Ni"
    options = PhononOptions(relax_cell=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        with open_run(alloy, resolve_engine("emt"), tmp_path / "run", options=options) as run:
            found = relax(run.primitive.atoms, run.primitive.symmetry, run.runner, relax_cell=True)
    assert found.cell_relaxed
    assert found.atoms.get_volume() < 0.97 * alloy.get_volume()
    assert "logm" not in "".join(capfd.readouterr())
