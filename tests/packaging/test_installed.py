"""The data are found from a wheel, an sdist, an editable install and the repository root.

Nothing is downloaded: builds use the build backend that is installed (extra `dev`), and fresh
environments see the libraries of the running one through a path file.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
N_STRUCTURES = len(list((ROOT / "structures" / "frameworks").glob("*/*.cif")))
N_CALCULATORS = len(list((ROOT / "calculators").glob("*.toml")))


def run(*command, cwd, **environment):
    clean = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    answer = subprocess.run(
        [str(word) for word in command], cwd=cwd, env={**clean, **environment},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert answer.returncode == 0, f"{command}\n{answer.stdout}\n{answer.stderr}"
    return answer.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the working tree without what is made in it."""
    target = tmp_path_factory.mktemp("checkout") / "reticulum"
    ignored = shutil.ignore_patterns(
        ".git", ".venv", "venv", "runs", "dist", "build", "__pycache__", ".*_cache", ".hypothesis"
    )
    shutil.copytree(ROOT, target, ignore=ignored)
    return target


@pytest.fixture(scope="module")
def built(checkout):
    """(wheel, sdist); the wheel is built from the sdist, as `python -m build` does."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist", ".", cwd=checkout)
    (wheel,) = (checkout / "dist").glob("*.whl")
    (sdist,) = (checkout / "dist").glob("*.tar.gz")
    return wheel, sdist


def environment(folder: Path) -> Path:
    """Python of a fresh environment that sees this one's libraries, but not its reticulum."""
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))",
                    cwd=folder).strip())  # fmt: skip
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    # A path file adds folders without reading the path files in them: editable installs stay out.
    (site / "libraries.pth").write_text("\n".join(sorted(libraries)) + "\n")
    return python


def install(python: Path, *what) -> None:
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index",
        "--no-deps", "--no-build-isolation", "--disable-pip-version-check", *what,
        cwd=python.parent)  # fmt: skip


def check_finds_its_data(python: Path, cwd: Path, expected_home: Path) -> None:
    """Lists, reads and computes; imported from where it should be."""
    module = run(python, "-c", "import reticulum; print(reticulum.__file__)", cwd=cwd).strip()
    assert Path(module).resolve().is_relative_to(expected_home.resolve()), module
    start = [python, "-c", "from reticulum.cli.main import run; run()"]
    structures = json.loads(run(*start, "structures", "--json", "-", cwd=cwd))
    assert len(structures) == N_STRUCTURES
    assert {"HKUST-1", "MOF-5", "UiO-66"} <= {entry["name"] for entry in structures}
    calculators = json.loads(run(*start, "calculators", "--json", "-", cwd=cwd))
    assert len(calculators) == N_CALCULATORS
    shifts = json.loads(
        run(*start, "redshift", "HKUST-1", "-m", "two-state", "--json", "-", cwd=cwd)
    )
    assert shifts["measured"]["X_a_cm1_per_k"] == -0.021
    n_atoms = run(python, "-c", "from reticulum.frameworks.reading import read_structure\n"
                  "print(len(read_structure('calcite')))", cwd=cwd)  # fmt: skip
    assert int(n_atoms) in (10, 30)


def test_wheel_holds_the_data_inside_the_package_and_nothing_beside_it(built):
    names = zipfile.ZipFile(built[0]).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"reticulum"}
    assert "reticulum/data/structures/frameworks/HKUST-1/HKUST-1.cif" in names
    assert "reticulum/data/calculators/gfn1-xtb.toml" in names
    assert sum(name.endswith(".cif") for name in names) == N_STRUCTURES
    calculators = [n for n in names if n.startswith("reticulum/data/calculators/")]
    assert sum(name.endswith(".toml") for name in calculators) == N_CALCULATORS
    for needed in (
        "reticulum/py.typed", "reticulum/plotting/reticulum.mplstyle",
        "reticulum/reference/sources.bib", "reticulum/reference/table1_slopes.csv",
    ):  # fmt: skip
        assert needed in names
    assert not [n for n in names if "__pycache__" in n or n.endswith((".pyc", ".model", ".pth"))]
    assert [n for n in names if n.endswith("LICENSE")]


def test_sdist_holds_everything_to_build_and_test(built):
    with tarfile.open(built[1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for needed in (
        "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "reticulum/resources.py",
        "structures/frameworks/HKUST-1/HKUST-1.cif", "calculators/gfn1-xtb.toml",
        "tests/packaging/test_installed.py",
    ):  # fmt: skip
        assert needed in names, needed
    assert not [name for name in names if name.startswith(("runs/", ".venv/"))]


def test_wheel_is_small(built):
    assert built[0].stat().st_size < 20e6


def test_data_are_found_from_a_wheel(built, tmp_path):
    python = environment(tmp_path / "env")
    install(python, built[0])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    check_finds_its_data(python, elsewhere, tmp_path / "env")
    script = python.with_name("reticulum.exe" if os.name == "nt" else "reticulum")
    assert "reticulum" in run(script, "--version", cwd=elsewhere)


def test_data_are_found_from_a_wheel_installed_out_of_the_sdist(built, tmp_path):
    python = environment(tmp_path / "env")
    install(python, built[1])
    check_finds_its_data(python, tmp_path, tmp_path / "env")


def test_data_are_found_from_the_unpacked_sdist(built, tmp_path):
    with tarfile.open(built[1]) as archive:
        archive.extractall(tmp_path, filter="data")
    (root,) = tmp_path.glob("reticulum-*")
    python = environment(tmp_path / "env")
    check_finds_its_data(python, root, root)


def test_data_are_found_from_the_repository_root(checkout, tmp_path):
    python = environment(tmp_path / "env")
    check_finds_its_data(python, checkout, checkout)


def test_data_are_found_from_an_editable_install(checkout, tmp_path):
    python = environment(tmp_path / "env")
    install(python, "--editable", checkout)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    check_finds_its_data(python, elsewhere, checkout)


def test_a_wheel_computes(built, tmp_path):
    """Worker processes of an installed package find everything too."""
    python = environment(tmp_path / "env")
    install(python, built[0])
    run(python, "-c", "from ase.build import bulk\n"
        "a = bulk('Cu', cubic=True, a=3.72); a.numbers[0] = 79; a.write('alloy.cif')",
        cwd=tmp_path)  # fmt: skip
    out = run(python, "-c", "from reticulum.cli.main import run; run()", "phonons", "alloy.cif",
              "-c", "emt", "--workers", "1", "--json", "-", cwd=tmp_path)  # fmt: skip
    assert json.loads(out)["phonons"]["n_displacements"] == 2
