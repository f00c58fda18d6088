"""Run folders: what they refuse, what they resume, and what other programs can read in them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import phonopy
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.io import read
from spring_models import SpringCrystal, spring_crystal

from reticulum.engines.build import Engine, resolve_engine
from reticulum.engines.executor import Silent
from reticulum.errors import CalculationError, InputError
from reticulum.phonons.folder import RunFolder
from reticulum.phonons.force_constants import gamma_modes, symmetrise_hessian
from reticulum.phonons.gamma import load_gamma_phonons
from reticulum.phonons.modes import mode_table
from reticulum.phonons.options import PhononOptions
from reticulum.phonons.run import gamma_phonons, open_run


@pytest.fixture
def finished(spring_run, tmp_path):
    """A copy of a finished run that may be damaged."""
    return Path(shutil.copytree(spring_run[0], tmp_path / "finished"))


def again(path, structure=None, engine=None, **options):
    with open_run(
        structure if structure is not None else spring_crystal(),
        engine or Engine.from_ase(SpringCrystal()),
        path,
        options=PhononOptions(**options) if options else None,
    ) as run:
        return gamma_phonons(run), run.runner


def test_the_harmonic_wavenumbers_are_those_of_the_model(tmp_path):
    """Against the second derivatives of the model itself, with displacements ever shorter."""
    calculator, errors = SpringCrystal(), []
    for length in (0.01, 0.005):
        phonons, _ = again(tmp_path / f"{length}", engine=Engine.from_ase(calculator),
                           displacement_a=length, force_limit_ev_a=1e-5)  # fmt: skip
        x, cell, h, rows = np.array(phonons.atoms.positions), phonons.atoms.cell[:], 1e-4, []
        for k in range(54):
            step = np.zeros(54)
            step[k] = h
            step = step.reshape(18, 3)
            up, down = (calculator.energy_and_forces(x + s * step, cell)[1] for s in (1, -1))
            rows.append(-(up - down).ravel() / (2 * h))
        hessian, _ = symmetrise_hessian(np.array(rows))
        exact, _ = gamma_modes(hessian, phonons.atoms.get_masses())
        np.testing.assert_allclose(phonons.wavenumbers_cm1[-12:], exact[-12:], rtol=5e-4)
        errors.append(np.abs(phonons.hessian_ev_a2 - hessian).max())
        assert np.abs(phonons.wavenumbers_cm1[:3]).max() < 0.01
    # Symmetry removes the odd error; what is left falls with the square of the length.
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.05)
    assert errors[0] < 1e-3 * np.abs(hessian).max()


def spring_crystal_as_computed():
    """The structure that a run computes first: the symmetrised primitive cell."""
    from reticulum.frameworks.symmetry import symmetrised_primitive

    return symmetrised_primitive(spring_crystal()).atoms


def test_a_finished_run_is_found_whole(finished, spring_run):
    phonons, runner = again(finished)
    assert runner.n_computed == 0
    # The relaxed structure is asked for three times: last step, end of relaxation, reference.
    assert runner.n_reused == len(runner.store) + 2
    np.testing.assert_array_equal(phonons.wavenumbers_cm1, spring_run[1].wavenumbers_cm1)
    assert phonons.n_displacements == 10
    assert "end: 0 computed, 26 reused" in (finished / "run.log").read_text()


def test_loaded_phonons_are_those_that_were_computed(spring_run):
    folder, phonons = spring_run
    loaded = load_gamma_phonons(folder)
    np.testing.assert_allclose(loaded.wavenumbers_cm1, phonons.wavenumbers_cm1, atol=0.01)
    np.testing.assert_allclose(loaded.atoms.positions, phonons.atoms.positions, atol=1e-8)
    np.testing.assert_allclose(loaded.hessian_ev_a2, phonons.hessian_ev_a2, atol=1e-5)
    assert loaded.symmetry.symbol == phonons.symmetry.symbol
    assert loaded.n_displacements == phonons.n_displacements
    assert loaded.quality is not None
    assert loaded.quality.to_dict() == pytest.approx(phonons.quality.to_dict())
    one, two = mode_table(phonons), mode_table(loaded)
    acoustic = int(one.labels.acoustic.sum())  # the order of these three is rounding
    assert one.labels.labels[acoustic:] == two.labels.labels[acoustic:]
    np.testing.assert_allclose(
        one.characters.fractions[acoustic:], two.characters.fractions[acoustic:], atol=1e-4
    )


def test_phonopys_own_loader_reads_the_run(spring_run):
    folder, phonons = spring_run
    loaded = phonopy.load(str(folder / "phonopy_params.yaml"), log_level=0)
    loaded.run_qpoints([[0, 0, 0]])
    # phonopy counts in THz.
    theirs = np.sort(loaded.qpoints.frequencies[0]) * 33.3564095
    np.testing.assert_allclose(theirs[6:], phonons.wavenumbers_cm1[6:], atol=0.1)


def test_ase_reads_the_relaxed_structure(spring_run):
    folder, phonons = spring_run
    atoms = read(folder / "relaxed.extxyz")
    np.testing.assert_allclose(atoms.positions, phonons.atoms.positions, atol=1e-7)
    assert atoms.get_chemical_symbols() == phonons.atoms.get_chemical_symbols()


def test_results_say_where_they_come_from(spring_run):
    folder, _ = spring_run
    run = json.loads((folder / "run.json").read_text())
    assert run["identity"]["calculator"] == "SpringCrystal"
    assert run["versions"]["phonopy"] == phonopy.__version__
    summary = json.loads((folder / "phonons.json").read_text())
    assert summary["label"] == "copper formate"
    assert summary["calculator"]["fingerprint"]["settings"]["model"].startswith("springs")
    assert not [p for p in folder.iterdir() if p.name.startswith(".writing")]


def loaded_or_refused(path):
    """(phonons, None) of a finished run, or (None, the input error)."""
    try:
        return load_gamma_phonons(path), None
    except InputError as error:
        return None, error


def files_of(path):
    passing = {".lock", "run.log"}
    return {p.name: p.read_bytes() for p in path.iterdir() if p.name not in passing}


def refused(path, *words, **kwargs):
    before = files_of(path)
    with pytest.raises(InputError) as caught:
        again(path, **kwargs)
    text = str(caught.value)
    for word in words:
        assert word in text, text
    assert files_of(path) == before
    assert caught.value.fix


def test_another_structure_is_refused(finished):
    moved = spring_crystal()
    moved.positions[[2, 6, 10, 14]] *= 1.002
    refused(finished, "belongs to another calculation", "structure", structure=moved)
    stretched = spring_crystal()
    stretched.set_cell([9.6, 9.6, 9.7])
    refused(finished, "structure", structure=stretched)


def test_another_calculator_is_refused(finished):
    refused(finished, "calculator", "EMT", engine=Engine.from_ase(EMT(), label="x"))
    other = SpringCrystal()
    other.parameters["model"] = "springs of copper formate, 2"
    refused(finished, "another calculator, or other settings", engine=Engine.from_ase(other))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"relax": False}, "relax True there, False now"),
        ({"displacement_a": 0.02}, "displacement"),
        ({"force_limit_ev_a": 0.01}, "fmax"),
        ({"tolerance_a": 0.01}, "symprec"),
        ({"relax_cell": True}, "relax cell"),
    ],
)
def test_other_options_are_refused(finished, options, word):
    refused(finished, word, **options)


def test_naming_the_default_displacement_is_no_other_option(finished):
    assert again(finished, displacement_a=0.01)[1].n_computed == 0


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path):
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter1.tex").write_text("Introduction")
    refused(folder, "not empty", "chapter1.tex")
    (folder / "run.json").mkdir()
    with pytest.raises(InputError):
        again(folder)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(InputError, match="cannot be made"):
        again(tmp_path / "run")
    with pytest.raises(InputError, match="cannot be made"):
        again(tmp_path / "run" / "below")


@pytest.mark.parametrize(
    "content",
    ["", '{"layout": 1, "identity": {"stru', "[]", "3", '"text"', "null", "{}",
     '{"layout": 1}', '{"layout": 1, "identity": []}', '{"layout": 99, "identity": {}}'],
)  # fmt: skip
def test_a_damaged_identity_is_an_input_error_everywhere(finished, content):
    (finished / "run.json").write_text(content)
    refused(finished)
    _, error = loaded_or_refused(finished)
    if error is None:
        assert "99" in content  # readable, though of another layout
    else:
        assert "run" in error.what


def test_a_damaged_identity_is_never_overwritten(finished):
    (finished / "run.json").write_text('{"layout": 1, "identity": {"stru')
    with pytest.raises(InputError, match="not a complete JSON file"):
        again(finished)


def test_a_damaged_database_is_an_input_error(finished):
    (finished / "forces.db").write_bytes(b"nonsense" * 1000)
    refused(finished, "forces.db")


def test_a_truncated_phonopy_file_never_gives_other_numbers(finished, spring_run):
    """Cut anywhere: an input error, or (cut in what does not matter) the same wavenumbers."""
    file = finished / "phonopy_params.yaml"
    text = file.read_bytes()
    random = np.random.default_rng(0)
    places = sorted({*random.integers(0, len(text), 12), len(text) - 2, len(text) - 40, 0, 100})
    refusals = 0
    for place in places:
        file.write_bytes(text[:place])
        loaded, error = loaded_or_refused(finished)
        if error is not None:
            refusals += 1
            assert "phonopy_params.yaml" in error.what or "not finished" in error.what
            assert error.fix
            continue
        np.testing.assert_allclose(
            loaded.wavenumbers_cm1,
            spring_run[1].wavenumbers_cm1,
            atol=0.05,
            err_msg=f"cut at {place} of {len(text)}",
        )
    assert refusals >= len(places) - 2


def test_a_truncated_phonopy_file_is_mended_by_the_same_command(finished, spring_run):
    file = finished / "phonopy_params.yaml"
    file.write_bytes(file.read_bytes()[:5000])
    _, runner = again(finished)
    assert runner.n_computed == 0
    np.testing.assert_allclose(
        load_gamma_phonons(finished).wavenumbers_cm1, spring_run[1].wavenumbers_cm1, atol=0.01
    )


@pytest.mark.parametrize("content", ["", "[]", '{"raw_force_constants": {}}', "3"])
def test_a_damaged_summary_is_an_input_error_or_harmless(finished, spring_run, content):
    (finished / "phonons.json").write_text(content)
    loaded, error = loaded_or_refused(finished)
    if error is not None:
        assert "phonons.json" in str(error)
    else:
        expected = spring_run[1].wavenumbers_cm1
        np.testing.assert_allclose(loaded.wavenumbers_cm1, expected, atol=0.01)


def test_modes_of_an_unfinished_run_are_refused(finished):
    (finished / "phonopy_params.yaml").unlink()
    with pytest.raises(InputError, match="not finished") as caught:
        load_gamma_phonons(finished)
    assert "again" in caught.value.fix


def test_modes_of_what_is_no_run_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError, match="not a run folder"):
            load_gamma_phonons(path)


def test_a_folder_in_use_by_another_process_is_refused(tmp_path):
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from reticulum.phonons.folder import RunFolder\n"
        "with RunFolder(Path(sys.argv[1])).claim({'a': 1}):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    folder = tmp_path / "run"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True
    ) as holder:
        try:
            assert holder.stdout.readline().strip() == "held"
            with (
                pytest.raises(InputError, match="Another process"),
                RunFolder(folder).claim({"a": 1}),
            ):
                pytest.fail("the folder was claimed twice")
        finally:
            holder.kill()
    # A killed holder leaves no lock behind.
    started = time.monotonic()
    with RunFolder(folder).claim({"a": 1}):
        pass
    assert time.monotonic() - started < 5


def test_a_lock_is_released_after_an_error(tmp_path):
    folder = RunFolder(tmp_path / "run")
    with pytest.raises(RuntimeError), folder.claim({"a": 1}):
        raise RuntimeError
    with folder.claim({"a": 1}):
        pass


def test_a_failed_calculation_keeps_what_was_finished(tmp_path):
    class Failing(SpringCrystal):
        limit = 20

        def calculate(self, *args, **kwargs):
            if self.calls >= self.limit:
                raise RuntimeError("the machine is on fire")
            super().calculate(*args, **kwargs)

    calculator = Failing()
    engine = Engine.from_ase(calculator)
    with pytest.raises(CalculationError, match="on fire"):
        again(tmp_path / "run", engine=engine)
    with pytest.raises(InputError, match="not finished"):
        load_gamma_phonons(tmp_path / "run")
    calculator.limit = 10**9
    phonons, runner = again(tmp_path / "run", engine=engine)
    assert runner.n_reused >= 20
    total = [line.split()[3] for line in (tmp_path / "run" / "run.log").read_text().splitlines()
             if " computed " in line and line.split()[1] == "computed"]  # fmt: skip
    assert len(total) == len(set(total)) == calculator.calls
    assert phonons.n_displacements == 10


def test_relaxing_the_cell_without_stress_is_bad_input(tmp_path):
    with pytest.raises(InputError, match="stress"):
        again(tmp_path / "run", relax_cell=True)


def test_relaxing_the_cell_reaches_the_same_cell_from_another_start(tmp_path):
    """Cu3Au with EMT: the cubic lattice constant of lowest energy."""
    lengths = []
    for number, a in enumerate((3.70, 3.80)):
        atoms = bulk("Cu", cubic=True, a=a)
        atoms.numbers[0] = 79
        phonons, _ = again(tmp_path / f"{number}", structure=atoms,
                           engine=resolve_engine("emt"), relax_cell=True)  # fmt: skip
        lengths.append(phonons.atoms.cell.lengths())
        assert phonons.symmetry.symbol == "Pm-3m"
        assert phonons.n_displacements == 2
        assert phonons.relaxation["cell_relaxed"]
        assert (phonons.wavenumbers_cm1[3:] > 50).all()
    np.testing.assert_allclose(lengths[0], lengths[1], atol=2e-3)
    np.testing.assert_allclose(lengths[0], lengths[0][0], atol=1e-6)


def test_no_relaxation_leaves_the_symmetrised_structure(tmp_path):
    phonons, runner = again(tmp_path / "run", relax=False)
    np.testing.assert_allclose(
        phonons.atoms.positions, spring_crystal_as_computed().positions, atol=1e-12
    )
    assert phonons.relaxation is None
    assert runner.n_computed == 1 + phonons.n_displacements


def test_loss_of_symmetry_is_told_to_the_user(tmp_path):
    atoms = spring_crystal()
    atoms.rattle(0.004, seed=3)
    heard = []

    class Listening:
        def start(self, kind, total, reused): ...

        def advance(self, kind, seconds, note=""): ...

        def finish(self, kind): ...

        def message(self, text):
            heard.append(text)

    with open_run(
        atoms, Engine.from_ase(SpringCrystal()), tmp_path / "run", progress=Listening(),
        options=PhononOptions(relax=False),
    ) as run:  # fmt: skip
        phonons = gamma_phonons(run)
    assert any("--symprec" in sentence for sentence in heard)
    assert any("no symmetry" in sentence for sentence in phonons.warnings)
    assert phonons.n_displacements > 10


@pytest.mark.parametrize(
    "options",
    [
        {"relax": False, "relax_cell": True},
        {"force_limit_ev_a": float("nan")},
        {"force_limit_ev_a": 0.0},
        {"displacement_a": -0.01},
        {"displacement_a": float("inf")},
        {"tolerance_a": 0.0},
    ],
)
def test_impossible_options_are_refused(options):
    with pytest.raises(InputError) as caught:
        PhononOptions(**options)
    assert caught.value.why
    assert caught.value.fix


def test_an_element_that_the_calculator_does_not_know_is_refused_before_anything(tmp_path):
    with pytest.raises(InputError, match="does not know"):
        again(tmp_path / "run", structure=bulk("NaCl", "rocksalt", a=5.6),
              engine=resolve_engine("emt"))  # fmt: skip
    assert not (tmp_path / "run").exists()


def test_lost_forces_of_a_finished_run_are_said(spring_run, tmp_path):
    """Not those of a run that was killed before its first calculation."""
    heard = []

    class Listening(Silent):
        def message(self, text):
            heard.append(text)

    folder = tmp_path / "run"
    shutil.copytree(spring_run[0], folder)
    for emptied in (False, True):
        if emptied:
            (folder / "forces.db").write_bytes(b"")
        with open_run(
            spring_crystal(), Engine.from_ase(SpringCrystal()), folder, progress=Listening()
        ):
            pass
        assert any("holds no calculation" in text for text in heard) is emptied
    heard.clear()
    with open_run(
        spring_crystal(), Engine.from_ase(SpringCrystal()), tmp_path / "new", progress=Listening()
    ):
        pass
    assert not any("holds no calculation" in text for text in heard)
