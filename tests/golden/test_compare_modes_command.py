"""`reticulum compare-modes` on the copper formate paddlewheel in two electronic states."""

from __future__ import annotations

import json

import pytest
from exact.carboxylate_molecules import paddlewheel

from reticulum.engines.build import resolve_engine
from reticulum.phonons.modes import STRETCH_LIMIT_CM1
from reticulum.phonons.options import PhononOptions
from reticulum.phonons.run import gamma_phonons, open_run

OPTIONS = PhononOptions(force_limit_ev_a=0.02)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("states")
    found = []
    for name in ("gfn1-xtb", "gfn1-xtb-antiferromagnetic"):
        with open_run(
            paddlewheel(9.6), resolve_engine(name), folder / name, options=OPTIONS, workers=1
        ) as run:
            gamma_phonons(run)
        found.append(folder / name)
    return found


def test_states_bands_bonds_and_energy_are_printed(runs, command_line):
    status, out, err = command_line("compare-modes", *runs)
    assert status == 0, err
    assert "two electronic states" in out
    assert "High spin: 2 Cu" in out
    assert "Antiferromagnetic (broken symmetry): 2 Cu" in out
    assert "antisymmetric COO stretch" in out
    assert "as in reticulum modes" in out
    assert "no band" in out
    assert "Cu-Cu" in out
    assert "below FIRST for each metal pair (1 in the cell)" in out


def test_json_has_the_shift_of_the_antisymmetric_band(runs, command_line):
    status, out, _ = command_line("compare-modes", *runs, "--json", "-")
    assert status == 0
    content = json.loads(out)
    assert [motion["centre_is"].split()[0] for motion in content["motions"]] == [
        "centre", "centre", "mean", "mean",
    ]  # fmt: skip
    limit = f"below {STRETCH_LIMIT_CM1:g} cm-1"
    assert [limit in motion["centre_is"] for motion in content["motions"]] == [False] * 2 + [
        True
    ] * 2
    shifts = {motion["name"]: motion["shift_cm1"] for motion in content["motions"]}
    # GFN1-xTB: some 50 cm⁻¹ lower with opposite spins, the symmetric band only a few.
    assert -80.0 < shifts["antisymmetric COO stretch"] < -30.0
    assert -15.0 < shifts["symmetric COO stretch"] < 5.0
    assert content["energy_per_metal_pair_ev"] == pytest.approx(-0.061, abs=0.01)
    assert content["same_method"]


def test_all_lists_every_set(runs, command_line):
    _, short, _ = command_line("compare-modes", *runs)
    _, full, _ = command_line("compare-modes", *runs, "--all")
    assert len(full.splitlines()) > len(short.splitlines()) + 20
    status, _, err = command_line("compare-modes", *runs, "--all", "--json", "-")
    assert status != 0
    assert "Leave out --all" in err
