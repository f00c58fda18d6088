"""A relaxation that opens or closes bonds says so."""

from __future__ import annotations

from exact.carboxylate_molecules import paddlewheel

from reticulum.phonons.run import changed_bonds


def test_kept_bonds_give_no_sentence() -> None:
    atoms = paddlewheel(9.6)
    moved = atoms.copy()
    moved.rattle(0.03, seed=3)
    assert changed_bonds(atoms, moved) == ""


def test_an_opened_bond_is_named() -> None:
    atoms = paddlewheel(9.6)
    moved = atoms.copy()
    copper = next(atom.index for atom in moved if atom.symbol == "Cu")
    moved.positions[copper, 2] += 2.5 if moved.positions[copper, 2] > 0 else -2.5
    sentence = changed_bonds(atoms, moved)
    assert "opened 4 Cu-O" in sentence
    assert "closed" not in sentence
    assert "closed 4 Cu-O" in changed_bonds(moved, atoms)
