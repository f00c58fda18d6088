"""The YAML files of phonopy: cells, displacements, forces, Born charges.

phonopy.load is not used: it also takes FORCE_CONSTANTS, FORCE_SETS and BORN of the folder one
happens to be in, and reads YAML in a way that runs code written in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reticulum.errors import InputError
from reticulum.frameworks.symmetry import symmetry_of
from reticulum.phonons.formats.damaged import reading
from reticulum.phonons.formats.phonopy_cell import to_ase


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhonopyYamlContent:
    """What a phonopy YAML file holds.

    Attributes
    ----------
    path
        The file.
    data
        phonopy's own form of it.
    tolerance_a
        Symmetry tolerance that it states, in its unit of length; None if it states none.

    """

    path: Path
    data: Any
    tolerance_a: float | None

    @property
    def has_forces(self) -> bool:
        """Whether it holds force constants, or displacements with forces."""
        return self.data.force_constants is not None or forces_in(self)


def read_phonopy_yaml(path: Path) -> PhonopyYamlContent:
    """Content of a phonopy YAML file, compressed or not.

    Parameters
    ----------
    path
        ``phonopy.yaml``, ``phonopy_disp.yaml``, ``phonopy_params.yaml`` or one like them, with
        .xz, .gz, .bz2 or .lzma if it is compressed.

    Raises
    ------
    InputError
        If it is damaged, or no such file.

    """
    import yaml
    from phonopy.file_IO import get_io_module_to_decompress
    from phonopy.interface.phonopy_yaml import load_phonopy_yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with reading(path, "a phonopy YAML file"):
        with get_io_module_to_decompress(path).open(path, "rb") as stream:
            content = yaml.load(stream, Loader=loader)
        if not isinstance(content, dict):
            raise InputError(
                f"{path} is not a phonopy YAML file.",
                why="It holds no entries.",
                fix="Give phonopy_params.yaml, phonopy_disp.yaml or phonopy.yaml.",
            )
        data = load_phonopy_yaml(_with_present_units(content))
        header = content.get("phonopy")
        stated = header.get("symmetry_tolerance") if isinstance(header, dict) else None
        tolerance = None if stated is None else float(stated)
    if data.unitcell is None:
        raise InputError(
            f"{path} holds no unit cell.",
            why="It is not a file of a phonopy calculation (mesh.yaml, band.yaml and the like "
            "have none).",
            fix="Give phonopy_params.yaml, phonopy_disp.yaml or phonopy.yaml.",
        )
    return PhonopyYamlContent(path=path, data=data, tolerance_a=tolerance)


def forces_in(content: PhonopyYamlContent) -> bool:
    """Whether a YAML file holds displacements with forces."""
    from phonopy.structure.dataset import forces_in_dataset

    return bool(forces_in_dataset(content.data.dataset))


def phonopy_of_yaml(content: PhonopyYamlContent, tolerance_a: float) -> Any:
    """Phonopy object of the cells of a YAML file."""
    from phonopy import Phonopy
    from phonopy.physical_units import get_calculator_physical_units

    data = content.data
    if getattr(data.unitcell, "has_weighted_species", False):
        raise InputError(
            f"{content.path} mixes elements on one site (virtual crystal).",
            why="Such sites have no chemistry to assign modes by.",
            fix="Use a structure with one element on each site.",
        )
    with reading(content.path, "a phonopy calculation"):
        length_a = get_calculator_physical_units(data.calculator).distance_to_A
        symmetry_of(to_ase(data.unitcell, length_a), tolerance_a)  # says what is wrong, if it is
        phonopy = Phonopy(
            data.unitcell,
            supercell_matrix=np.eye(3, dtype=int)
            if data.supercell_matrix is None
            else data.supercell_matrix,
            primitive_matrix="auto" if data.primitive_matrix is None else data.primitive_matrix,
            symprec=tolerance_a / length_a,
            calculator=data.calculator,
        )
    if data.supercell is not None and len(data.supercell) != len(phonopy.supercell):
        raise InputError(
            f"{content.path} lists {len(data.supercell)} atoms of a supercell of "
            f"{len(phonopy.supercell)}.",
            why="The file is incomplete, or was changed by hand.",
            fix="Make it again with phonopy.",
        )
    return phonopy


def _with_present_units(content: dict[str, Any]) -> dict[str, Any]:
    """Content with the unit spelled as phonopy does today: it refuses its own old "Angstrom"."""
    units = content.get("physical_unit")
    if not isinstance(units, dict):
        return content
    spelled = {
        key: value.replace("Angstrom", "angstrom") if isinstance(value, str) else value
        for key, value in units.items()
    }
    return {**content, "physical_unit": spelled}
