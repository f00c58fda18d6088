"""HKUST-1 in three electronic states: what ships is of the bundled structure and makes sense."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reticulum.engines.build import resolve_engine
from reticulum.engines.fingerprint import version_of
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive
from reticulum.report.magnetic_states import MagneticState, shipped_magnetic_states

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "infrared-spectra.md"
ANTISYMMETRIC = "antisymmetric COO stretch"


@pytest.fixture(scope="module")
def states():
    return {state.calculator: state for state in shipped_magnetic_states()}


def test_states_are_of_the_bundled_structure(states):
    assert list(states) == ["gfn1-xtb", "gfn1-xtb-antiferromagnetic", "gfn1-xtb-closed-shell"]
    assert all(state.is_fresh("HKUST-1") for state in states.values())


def test_states_are_of_the_bundled_calculators(states):
    atoms = symmetrised_primitive(read_structure("HKUST-1")).atoms
    for name, state in states.items():
        engine = resolve_engine(name)
        assert state.state == engine.spin_state(atoms).sentence
        if state.provenance["versions"]["tblite"] == version_of("tblite"):
            identity = state.provenance["identity"]
            assert identity["calculator fingerprint"] == engine.fingerprint(atoms).digest


def test_opposite_spins_are_the_ground_state(states):
    energies = {name: state.energy_ev for name, state in states.items()}
    assert energies["gfn1-xtb"] == 0.0
    assert energies["gfn1-xtb-antiferromagnetic"] < -0.05
    assert energies["gfn1-xtb-closed-shell"] > 0.0


def test_the_antisymmetric_band_softens_with_pairing_of_spins(states):
    strongest = [state.motions[ANTISYMMETRIC].range_cm1[1] for state in states.values()]
    assert strongest == sorted(strongest, reverse=True)
    assert strongest[0] - strongest[2] > 100.0
    lengths = [state.bonds_a["Cu-Cu"] for state in states.values()]
    assert lengths == sorted(lengths)


def test_centres_are_those_of_bands(states):
    """HKUST-1, high spin: 1391 cm⁻¹, as in `reticulum modes`; 1366 with traces at 1267 cm⁻¹."""
    for state in states.values():
        for name in (ANTISYMMETRIC, "symmetric COO stretch"):
            low, high = state.motions[name].range_cm1
            assert low - 1e-6 <= state.motions[name].centre_cm1 <= high + 1e-6
    assert states["gfn1-xtb"].motions["symmetric COO stretch"].centre_cm1 == pytest.approx(
        1390.8, abs=0.1
    )
    text = (DOCUMENT.parent / "mode-character.md").read_text("utf-8")
    assert re.search(r"ν_s is computed at 1391 \(range\s+1367-1425\)", text)


def test_the_document_states_these_numbers(states):
    rows = re.findall(r"^\| (?:high spin|antiferro|closed).*$", DOCUMENT.read_text("utf-8"), re.M)
    assert len(rows) == len(states)
    for row, state in zip(rows, states.values(), strict=True):
        cells = [cell.strip().replace("−", "-") for cell in row.strip("|").split("|")]
        assert float(cells[1]) == pytest.approx(state.motions[ANTISYMMETRIC].range_cm1[0], abs=0.5)
        bands = [float(value) for value in cells[2].split(",")]
        assert bands == pytest.approx(state.motions["symmetric COO stretch"].range_cm1, abs=0.51)
        assert float(cells[3]) == pytest.approx(state.bonds_a["Cu-Cu"], abs=5.1e-4)
        assert float(cells[4]) == pytest.approx(state.bonds_a["Cu-O"], abs=5.1e-4)
        assert float(cells[5]) == pytest.approx(state.energy_ev, abs=5.1e-4)
        assert int(cells[6]) == state.n_imaginary


def test_states_survive_their_file(states):
    for state in states.values():
        assert MagneticState.from_dict(state.to_dict()) == state
