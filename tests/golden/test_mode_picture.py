"""Fragments of modes, the partner that is drawn, views, and what a picture shows."""

from dataclasses import replace

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.frameworks.bonds import BondKind
from reticulum.phonons.mode_fragment import fragment_motion, fragment_share, mode_fragment
from reticulum.phonons.modes import mode_table
from reticulum.plotting.files import save_figure
from reticulum.plotting.mode_picture import figure_mode, view_of


@pytest.fixture(scope="module")
def table(spring_run):
    """Modes of copper formate of springs, Cu2(HCOO)4."""
    return mode_table(spring_run[1])


def mode_of(table, label, which=-1):
    """Number of a mode of the last set with a label."""
    numbers = [n for n in range(table.labels.n_sets) if table.labels.labels[n] == label]
    return int(table.labels.sets[numbers[which]][0]) + 1


def test_the_fragment_of_a_paddlewheel(table):
    fragment = mode_fragment(table)
    assert fragment.label == "Cu2"
    assert sorted(fragment.numbers.tolist()) == [1] * 4 + [6] * 4 + [8] * 8 + [29] * 2
    metals = fragment.positions_a[fragment.numbers == 29]
    np.testing.assert_allclose(metals.sum(axis=0), 0.0, atol=1e-9)
    across = metals[1] - metals[0]
    np.testing.assert_allclose(np.cross(across, fragment.axis), 0.0, atol=1e-9)
    assert abs(fragment.across @ fragment.axis) < 1e-9
    kinds = [kind for _, _, kind in fragment.bonds]
    assert kinds.count(BondKind.METAL_METAL) == 1
    assert kinds.count(BondKind.COORDINATION) == 8
    assert kinds.count(BondKind.COVALENT) == 12
    assert fragment.cut == ()
    with pytest.raises(InputError, match="no metal cluster 2"):
        mode_fragment(table, 1)


def test_the_motion_does_not_depend_on_how_partners_were_chosen(table):
    fragment = mode_fragment(table)
    mode = mode_of(table, "Eu")
    members = table.labels.sets[int(table.labels.set_of_mode[mode - 1])]
    assert len(members) == 2
    expected, sentence = fragment_motion(table, mode, fragment)
    assert "of the 2 partners" in sentence
    for angle in (0.4, 1.9):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        vectors = table.labels.eigenvectors.copy()
        vectors[:, members] = vectors[:, members] @ turn
        turned = replace(table, labels=replace(table.labels, eigenvectors=vectors))
        found, _ = fragment_motion(turned, mode, fragment)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        kept, words = fragment_motion(turned, mode, fragment, as_numbered=True)
        assert words == "partner 1 of 2, as numbered"
        assert np.abs(kept - expected).max() > 0.05
    assert np.linalg.norm(expected, axis=1).max() == pytest.approx(1.0)


def test_a_breathing_mode_moves_equivalent_atoms_alike(table):
    fragment = mode_fragment(table)
    moves, sentence = fragment_motion(table, mode_of(table, "A1g"), fragment)
    assert sentence == ""
    for number in (1, 6, 8, 29):
        lengths = np.linalg.norm(moves[fragment.numbers == number], axis=1)
        np.testing.assert_allclose(lengths, lengths[0], atol=1e-6)


def test_the_share_of_the_cluster_is_said(table):
    """In copper formate the cluster is the whole crystal, and two metals are a part of it."""
    fragment = mode_fragment(table)
    mode = mode_of(table, "Eu")
    assert fragment_share(table, mode, fragment) == pytest.approx(1.0)
    assert "have 100 % of the" in " ".join(figure_mode(table, mode).get_supxlabel().split())
    metals = np.flatnonzero(fragment.numbers == 29)
    part = replace(
        fragment,
        sites=tuple(fragment.sites[number] for number in metals),
        positions_a=fragment.positions_a[metals].copy(),
        numbers=fragment.numbers[metals].copy(),
    )
    breathing = mode_of(table, "A1g", 0)
    vector = table.labels.eigenvectors[:, breathing - 1].reshape(-1, 3)
    expected = float((vector[part.indices] ** 2).sum())
    assert fragment_share(table, breathing, part) == pytest.approx(expected)
    assert 0.0 < expected < 1.0


def test_arrows_longer_than_the_picture_are_refused(table):
    for length in (0.0, 1000.0, np.nan):
        with pytest.raises(InputError, match="longest arrow"):
            figure_mode(table, 54, arrow_a=length)


def test_views_are_right_handed_and_look_where_they_say(table):
    fragment = mode_fragment(table)
    for view in ("tilted", "side", "along", (1.0, 2.0, 3.0), tuple(fragment.axis.tolist())):
        frame = view_of(fragment, view).frame
        np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(frame) == pytest.approx(1.0)
    np.testing.assert_allclose(view_of(fragment, "along").frame[2], fragment.axis, atol=1e-12)
    np.testing.assert_allclose(view_of(fragment, "side").frame[1], fragment.axis, atol=1e-12)
    for bad in ("above", (0.0, 0.0, 0.0), (np.nan, 0.0, 1.0)):
        with pytest.raises(InputError, match="view"):
            view_of(fragment, bad)


def drawn(figure):
    """Patches in the order in which they are painted."""
    return sorted(figure.axes[0].patches, key=lambda patch: patch.get_zorder())


def test_nearer_balls_are_painted_later(table):
    from matplotlib.patches import Circle

    figure = figure_mode(table, mode_of(table, "A1g"), view="along")
    fragment = mode_fragment(table)
    metals = fragment.positions_a[fragment.numbers == 29] @ fragment.axis
    big = max(patch.radius for patch in drawn(figure) if isinstance(patch, Circle))
    order = [patch for patch in drawn(figure) if isinstance(patch, Circle) and patch.radius == big]
    assert len(order) == 2
    # the two metals lie behind one another: the nearer is painted last, and not faded
    assert metals.max() > 0.0 > metals.min()
    assert sum(order[0].get_facecolor()[:3]) > sum(order[1].get_facecolor()[:3])


def test_arrows_are_as_long_as_the_moves_are(table):
    from matplotlib.patches import Polygon

    mode = mode_of(table, "A2u")
    fragment = mode_fragment(table)
    moves, _ = fragment_motion(table, mode, fragment)
    flat = moves @ view_of(fragment, "side").frame.T
    wanted = sum(1 for length in np.linalg.norm(flat, axis=1) if length >= 0.08)
    arrows = [
        patch
        for patch in drawn(figure_mode(table, mode, view="side", arrow_a=0.8))
        if isinstance(patch, Polygon) and len(patch.get_xy()) == 8
    ]
    assert len(arrows) == wanted
    lengths = [
        np.linalg.norm(p.get_xy()[3] - 0.5 * (p.get_xy()[0] + p.get_xy()[6])) for p in arrows
    ]
    expected = [0.8 * np.linalg.norm(f[:2]) for f in flat if np.linalg.norm(f) >= 0.08]
    np.testing.assert_allclose(sorted(lengths), sorted(expected), atol=1e-6)


def test_a_picture_says_what_it_shows_and_is_written_the_same_twice(table, tmp_path):
    mode = mode_of(table, "Eu")
    texts = []
    for name in ("one.svg", "two.svg"):
        figure = figure_mode(table, mode)
        save_figure(figure, tmp_path / name)
        texts.append((tmp_path / name).read_text(encoding="utf-8"))
    number = int(table.labels.set_of_mode[mode - 1])
    assert f"{table.labels.wavenumbers_cm1[number]:.0f} cm⁻¹" in figure.get_suptitle()
    assert r"\mathrm{E_{u}}" in figure.get_suptitle()
    assert "partners" in figure.get_supxlabel()
    assert texts[0].count("<path") == texts[1].count("<path") > 50
    with pytest.raises(InputError, match="no mode 1000"):
        figure_mode(table, 1000)
    with pytest.raises(InputError, match="longest arrow"):
        figure_mode(table, mode, arrow_a=0.0)
