"""`reticulum redshift --methods md`: its options, and what a chemist reads at the end."""

from __future__ import annotations

import json
import re

import pytest


@pytest.mark.parametrize(("option", "value"), [("--picoseconds", "12"), ("--hours", "3")])
@pytest.mark.parametrize("methods", ["two-state", "oscillator", "adiabatic,sampling"])
def test_options_of_md_without_md_are_refused(command_line, tmp_path, option, value, methods):
    code, out, err = command_line("redshift", "HKUST-1", "-m", methods, option, value, "-o", "RUN")
    assert (code, out) == (2, "")
    assert f"{option} were given with --methods {methods}." in err
    assert "Only the method md uses them." in err
    assert "Add md to --methods, or leave them out." in err
    assert not (tmp_path / "RUN").exists()


@pytest.mark.parametrize("value", ["0", "-4", "nan", "inf", "3.9"])
def test_lengths_that_make_no_sense_are_refused_in_one_message(
    command_line, librating_rod, tmp_path, value
):
    code, out, err = command_line(*librating_rod, "-m", "md", f"--picoseconds={value}")
    assert (code, out) == (2, "")
    assert err.count("Error:") == 1
    assert f"--picoseconds is {value}." in err
    assert "Give 4 ps or more." in err
    assert not (tmp_path / "RUN").exists()


def test_endless_hours_are_no_finite_number(command_line, librating_rod, tmp_path):
    code, out, err = command_line(*librating_rod, "-m", "md", "--hours=inf")
    assert (code, out) == (2, "")
    assert "--hours is inf." in err
    assert "It must be a finite number." in err
    assert not (tmp_path / "RUN").exists()


def test_a_simulation_from_the_command_line(command_line, librating_rod, tmp_path):
    """Both slopes with and without the artefact; given again, nothing is computed."""
    words = (*librating_rod, "-m", "md", "--picoseconds", "4")
    code, out, err = command_line(*words)
    assert code == 0
    assert "Molecular dynamics at 173 K and 473 K, 2 + 4 ps each: " in err
    said = re.search(
        r"antisymmetric (\S+) ± (\S+) \(\S+ by statistics\) and "
        r"symmetric (\S+) ± (\S+) \(\S+ by statistics\) cm⁻¹/K; "
        r"as simulated (\S+) and (\S+), of which (\S+) is the classical anharmonicity",
        out,
    )
    assert said is not None, out
    slopes = [float(text) for text in said.groups()]
    (result,) = json.loads((tmp_path / "RUN" / "redshift.json").read_text())["mechanisms"]
    details = result["details"]
    assert slopes[4] == pytest.approx(
        details["slopes_as_simulated_cm1_per_k"]["antisymmetric"], abs=5.1e-5
    )
    assert slopes[2] == pytest.approx(
        details["slopes_without_artefact_cm1_per_k"]["symmetric"], abs=5.1e-5
    )
    for corrected, simulated in ((slopes[0], slopes[4]), (slopes[2], slopes[5])):
        assert corrected == pytest.approx(simulated - slopes[6], abs=2e-4)
    assert "scatter of 4 segments of 1 ps" in json.dumps(result)
    assert f"{slopes[0]:+.4f}±" in out

    code, again, err = command_line(*words)
    assert code == 0
    assert re.search(r"all (\d+) steps are there", err)
    assert said[0] in again
