"""Distances that decide whether atoms count as symmetry-equivalent (no heavy imports)."""

#: Distance within which atoms count as symmetry-equivalent, Å. At 1e-5 Å a MOF-5 POSCAR loses its
#: symmetry (636 displacements instead of 19); at 1e-3 Å published CIFs keep theirs.
SYMMETRY_TOLERANCE_A = 1e-3

#: Looser tolerances that are tried to tell the user that symmetry may have been lost, Å.
LOOSER_TOLERANCES_A = (1e-2, 5e-2)
