"""Files of modes: what is written is read back by ase, phonopy and csv, and is what was meant."""

from __future__ import annotations

import csv
import re
from dataclasses import replace

import numpy as np
import pytest
from ase.io import read

from reticulum.errors import InputError
from reticulum.phonons.born_charges import with_sum_rule
from reticulum.phonons.drawing_options import (
    AMPLITUDE_A,
    LONGEST_ARROW_A,
    MOST_AMPLITUDE_A,
    N_FRAMES,
    Drawing,
)
from reticulum.phonons.foreign_phonons import read_gamma_phonons
from reticulum.phonons.infrared import infrared_lines
from reticulum.phonons.mode_drawing import mode_displacements, mode_frames
from reticulum.phonons.mode_files import ModeFile, drawn_modes, write_mode_file
from reticulum.phonons.modes import mode_table
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

#: THz of 1 cm⁻¹.
THZ = 0.0299792458


@pytest.fixture(scope="module")
def table(spring_run):
    return mode_table(spring_run[1])


@pytest.fixture(scope="module")
def table_with_born(spring_run):
    """The same modes with made-up charges."""
    phonons = spring_run[1]
    charge = {29: 1.2, 6: 0.9, 8: -0.7, 1: 0.1}
    raw = np.array([charge[int(z)] * np.eye(3) for z in phonons.atoms.numbers])
    born = with_sum_rule(raw, symmetry=phonons.symmetry, dielectric=2.0 * np.eye(3))
    return mode_table(replace(phonons, born=born))


def rows_of(path):
    lines = path.read_text().splitlines()
    comments = [line for line in lines if line.startswith("#")]
    return comments, list(csv.DictReader(line for line in lines if not line.startswith("#")))


def test_table_as_csv(table, tmp_path):
    path = tmp_path / "modes.csv"
    assert write_mode_file(table, path) is ModeFile.TABLE
    comments, rows = rows_of(path)
    assert "P4/mmm" in comments[0]
    assert "SpringCrystal" in comments[0]
    assert len(rows) == table.labels.n_sets
    assert [row["irrep"] for row in rows] == [label or "" for label in table.labels.labels]
    found = np.array([float(row["wavenumber_cm1"]) for row in rows])
    np.testing.assert_allclose(found, table.labels.wavenumbers_cm1, atol=1e-6)
    counted = sum(int(row["last_mode"]) - int(row["first_mode"]) + 1 for row in rows)
    assert counted == table.labels.eigenvectors.shape[1]
    assert [bool(int(row["infrared_active"])) for row in rows] == [
        bool(active) for active in table.labels.infrared_active
    ]
    stretches = np.array([float(row["antisymmetric_C-O_stretch"]) for row in rows])
    np.testing.assert_allclose(stretches, table.antisymmetric, atol=1e-6)
    assert "intensity_km_per_mol" not in rows[0]


def test_table_has_intensities_with_born_charges(table_with_born, tmp_path):
    path = tmp_path / "modes.csv"
    write_mode_file(table_with_born, path)
    _, rows = rows_of(path)
    found = np.array([float(row["intensity_km_per_mol"]) for row in rows])
    np.testing.assert_allclose(found, infrared_lines(table_with_born).heights, atol=1e-6)
    assert found.max() > 1.0


@pytest.mark.parametrize("name", ["gamma.yaml", "gamma.yaml.xz"])
def test_phonopy_yaml_gives_the_same_phonons(table_with_born, tmp_path, name):
    path = tmp_path / name
    write_mode_file(table_with_born, path)
    phonons = table_with_born.phonons
    found = read_gamma_phonons(path)
    np.testing.assert_allclose(found.wavenumbers_cm1, phonons.wavenumbers_cm1, atol=1e-3)
    np.testing.assert_allclose(found.hessian_ev_a2, phonons.hessian_ev_a2, atol=1e-9)
    np.testing.assert_allclose(found.atoms.positions, phonons.atoms.positions, atol=1e-9)
    np.testing.assert_allclose(found.born.charges_e, phonons.born.charges_e, atol=1e-9)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_phonopy_itself_reads_the_yaml(table, tmp_path):
    import phonopy

    path = tmp_path / "gamma.yaml"
    write_mode_file(table, path)
    loaded = phonopy.load(str(path), log_level=0, is_nac=False)
    loaded.dynamical_matrix.run([0, 0, 0])
    values = np.linalg.eigvalsh(loaded.dynamical_matrix.dynamical_matrix)
    found = np.sign(values) * np.sqrt(np.abs(values)) * SQRT_EV_PER_U_A2_TO_CM1
    np.testing.assert_allclose(found[3:], table.phonons.wavenumbers_cm1[3:], atol=1e-3)


def test_force_constants_with_their_cell(table, tmp_path):
    from ase.io import write

    folder = tmp_path / "calculation"
    folder.mkdir()
    write_mode_file(table, folder / "FORCE_CONSTANTS")
    write(tmp_path / "cell.extxyz", table.phonons.atoms)
    found = read_gamma_phonons(folder / "FORCE_CONSTANTS", structure=tmp_path / "cell.extxyz")
    np.testing.assert_allclose(
        found.wavenumbers_cm1[3:], table.phonons.wavenumbers_cm1[3:], atol=1e-3
    )


def test_film(table, tmp_path):
    path = tmp_path / "mode.extxyz"
    drawing = Drawing(modes=(19, 54), amplitude_a=0.25, n_frames=8)
    write_mode_file(table, path, drawing=drawing)
    frames = read(path, index=":")
    assert len(frames) == 16
    rest = table.phonons.atoms
    for first, mode in ((0, 19), (8, 54)):
        film = frames[first : first + 8]
        assert [frame.info["mode"] for frame in film] == [mode] * 8
        assert film[0].info["amplitude_A"] == 0.25
        assert film[0].info["wavenumber_cm1"] == pytest.approx(
            table.labels.mode_wavenumbers_cm1[mode - 1], abs=1e-4
        )
        moves = np.array([frame.positions - rest.positions for frame in film])
        np.testing.assert_allclose(moves[0], 0.0, atol=1e-7)
        # The largest mover moves by the amplitude, a quarter of a period later.
        assert np.linalg.norm(moves[2], axis=1).max() == pytest.approx(0.25, abs=1e-6)
        np.testing.assert_allclose(moves[6], -moves[2], atol=1e-7)
        np.testing.assert_allclose(moves.sum(axis=0), 0.0, atol=1e-6)
        # Mass-weighted, it is the eigenvector of the table.
        weighted = (moves[2] * np.sqrt(rest.get_masses())[:, None]).ravel()
        overlap = weighted @ table.labels.eigenvectors[:, mode - 1]
        assert abs(overlap) == pytest.approx(np.linalg.norm(weighted), rel=1e-6)


def test_arrows_of_chosen_modes(table, tmp_path):
    path = tmp_path / "modes.axsf"
    write_mode_file(table, path, drawing=Drawing(modes=(19, 30), amplitude_a=0.5))
    text = path.read_text()
    assert "# step 2: mode 30" in text
    assert "ANIMSTEPS 2" in text
    images = read(path, index=":", format="xsf")
    for image, mode in zip(images, (19, 30), strict=True):
        np.testing.assert_allclose(image.positions, table.phonons.atoms.positions, atol=1e-8)
        # The last three numbers of a line are ångströms; ase takes them for hartrees.
        from ase.units import Hartree

        np.testing.assert_allclose(
            image.get_forces() / Hartree, mode_displacements(table, mode, 0.5), atol=1e-8
        )
    line = next(line for line in text.splitlines() if line.strip().startswith("29 "))
    assert len(line.split()) == 7


def test_arrows_of_all_modes(table, tmp_path):
    path = tmp_path / "modes.xsf"
    write_mode_file(table, path)
    n_modes = table.labels.eigenvectors.shape[1]
    assert len(read(path, index=":", format="xsf")) == n_modes
    one = tmp_path / "one.xsf"
    write_mode_file(table, one, drawing=Drawing(modes=(20,)))
    assert "ANIMSTEPS" not in one.read_text()
    assert len(read(one, index=":", format="xsf")) == 1


def test_v_sim(table, tmp_path):
    path = tmp_path / "modes.ascii"
    write_mode_file(table, path)
    atoms = read(path, format="v-sim")
    rest = table.phonons.atoms
    assert sorted(atoms.get_chemical_symbols()) == sorted(rest.get_chemical_symbols())
    np.testing.assert_allclose(atoms.get_all_distances(mic=True), rest.get_all_distances(mic=True),
                               atol=1e-6)  # fmt: skip
    blocks = re.findall(r"#metaData: qpt=\[([^\\]*)\\\n((?:#;[^\n]*\\\n)+)# \]", path.read_text())
    assert len(blocks) == 54
    found = [float(head.split(";")[3]) for head, _ in blocks]
    np.testing.assert_allclose(
        np.array(found[3:]) / THZ, table.phonons.wavenumbers_cm1[3:], atol=0.02
    )
    # Real displacements: at Gamma there is no phase.
    numbers = np.array([
        [float(x) for x in line.strip("#; \\").split(";")]
        for _, body in blocks for line in body.splitlines()
    ])  # fmt: skip
    assert numbers.shape == (54 * 18, 6)
    assert np.abs(numbers[:, 3:]).max() < 1e-6
    # A mode that is not degenerate is that of the table, as lengths of the displacements show.
    single = next(int(members[0]) for members in reversed(table.labels.sets) if len(members) == 1)
    lengths = np.linalg.norm(numbers.reshape(54, 18, 6)[single, :, :3], axis=1)
    ours = np.linalg.norm(mode_displacements(table, single + 1, 1.0), axis=1)
    np.testing.assert_allclose(lengths / lengths.max(), ours, atol=1e-4)


def test_nothing_is_overwritten_unasked(table, tmp_path):
    path = tmp_path / "modes.csv"
    path.write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        write_mode_file(table, path)
    assert path.read_text() == "mine"
    write_mode_file(table, path, overwrite=True)
    assert "wavenumber_cm1" in path.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["modes.csv"]


@pytest.mark.parametrize(
    ("name", "drawing", "words"),
    [
        ("modes.png", None, "tells no kind"),
        ("modes.extxyz", None, "Of which modes"),
        ("modes.extxyz", Drawing(modes=(55,)), "no mode 55"),
        ("modes.extxyz", Drawing(modes=(0,)), "no mode 0"),
        ("modes.extxyz", Drawing(modes=(9,), amplitude_a=-1.0), "amplitude"),
        ("modes.extxyz", Drawing(modes=(9,), amplitude_a=float("nan")), "amplitude"),
        ("modes.extxyz", Drawing(modes=(9,), amplitude_a=100.0), "2 Å at most"),
        ("modes.extxyz", Drawing(modes=(9,), amplitude_a=float("inf")), "2 Å at most"),
        ("modes.axsf", Drawing(modes=(9,), amplitude_a=100.0), "20 Å at most"),
        ("modes.extxyz", Drawing(modes=(9,), n_frames=1), "no film"),
        ("modes.extxyz", Drawing(modes=(9,), n_frames=100_000_000), "no film that could be kept"),
        ("nowhere/modes.csv", None, "no folder"),
    ],
)
def test_refused_without_leaving_anything(table, tmp_path, name, drawing, words):
    with pytest.raises(InputError) as caught:
        write_mode_file(table, tmp_path / name, drawing=drawing)
    assert words in str(caught.value)
    assert caught.value.fix
    assert not list(tmp_path.iterdir())


def test_the_longest_film_and_arrow_are_written(table, tmp_path):
    film, arrows = tmp_path / "film.extxyz", tmp_path / "arrows.axsf"
    write_mode_file(table, film, drawing=Drawing(modes=(9,), amplitude_a=MOST_AMPLITUDE_A))
    write_mode_file(table, arrows, drawing=Drawing(modes=(9,), amplitude_a=LONGEST_ARROW_A))
    frames = read(film, index=":")
    moved = np.linalg.norm([frame.positions - frames[0].positions for frame in frames], axis=-1)
    assert moved.max() == pytest.approx(MOST_AMPLITUDE_A, abs=1e-6)


def test_numbers_of_modes_in_text():
    assert drawn_modes("12") == (12,)
    assert drawn_modes("12,15") == (12, 15)
    assert drawn_modes("12, 15-17 12") == (12, 15, 16, 17)
    for text in ("", "a", "1-", "-3", "1.5"):
        with pytest.raises(InputError):
            drawn_modes(text)


def test_frames_by_default(table):
    frames = mode_frames(table, 40)
    assert len(frames) == N_FRAMES
    farthest = max(
        np.linalg.norm(frame.positions - frames[0].positions, axis=1).max() for frame in frames
    )
    assert farthest == pytest.approx(AMPLITUDE_A, rel=1e-6)
