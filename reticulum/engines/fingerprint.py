"""What decides the numbers that a calculator gives, and a digest of it."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from reticulum.engines.cards import CalculatorCard
from reticulum.errors import InputError
from reticulum.provenance import to_jsonable

#: Bytes read at once when a weight file is hashed.
_HASH_BLOCK = 1 << 20

#: What the self-description of a calculator object can raise.
_DESCRIBING_ERRORS = (TypeError, ValueError, RuntimeError, LookupError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What decides the numbers that a calculator gives.

    Parameters
    ----------
    calculator
        Name of the card, or class of the user's object.
    factory
        Import path of what makes it.
    settings
        Pairs (keyword, value as JSON), sorted, spin included.
    distribution, version
        Distribution and its installed version; empty where unknown.
    weights_sha256
        Of the weight file, or of the parameters of a model inside the user's object; else empty.
    complete
        False where a user's object does not say what its parameters are, so that two different
        ones could have the same fingerprint; `Engine.from_ase` then wants a label.

    """

    calculator: str
    factory: str
    settings: tuple[tuple[str, str], ...]
    distribution: str
    version: str
    weights_sha256: str = ""
    complete: bool = True

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of everything above."""
        text = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python types for JSON."""
        return {
            "calculator": self.calculator,
            "factory": self.factory,
            "settings": {key: json.loads(value) for key, value in self.settings},
            "distribution": self.distribution,
            "version": self.version,
            "weights_sha256": self.weights_sha256,
            "complete": self.complete,
        }


def fingerprint_of_object(card: CalculatorCard, calculator: Any, label: str) -> Fingerprint:
    """Fingerprint of a live ASE calculator: class, version, parameters, torch weights, label.

    Parameters
    ----------
    card
        The card that stands for the object.
    calculator
        The object.
    label
        The user's name for its parameters.

    """
    described: dict[str, Any] = dict(getattr(calculator, "parameters", None) or {})
    to_dict = getattr(calculator, "todict", None)
    if callable(to_dict):
        # todict() of some calculators needs parameters that others lack.
        with contextlib.suppress(*_DESCRIBING_ERRORS):
            described |= dict(to_dict())
    model = _sha256_of_model(calculator)
    settings, all_plain = as_json_pairs({**described, **({"label": label} if label else {})})
    return Fingerprint(
        calculator=card.name,
        factory=card.factories[0],
        settings=settings,
        distribution=card.distribution,
        version=version_of(card.distribution),
        weights_sha256=model,
        complete=bool(label or model or (settings and all_plain)),
    )


def as_json_pairs(settings: dict[str, Any]) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Sorted pairs (keyword, JSON), and whether every value has a JSON form.

    A value without one is represented by its class, never by an address in memory.
    """
    pairs, all_plain = [], True
    for key in sorted(settings):
        try:
            value = to_jsonable(settings[key])
        except TypeError:
            kind = type(settings[key])
            value, all_plain = f"<{kind.__module__}.{kind.__qualname__}>", False
        pairs.append((str(key), json.dumps(value, sort_keys=True)))
    return tuple(pairs), all_plain


@functools.lru_cache(maxsize=64)
def version_of(distribution: str) -> str:
    """Installed version of a distribution; empty where it is unknown."""
    try:
        return metadata.version(distribution) if distribution else ""
    except metadata.PackageNotFoundError:
        return ""


def distribution_of(module: str) -> str:
    """Distribution that brings a module; empty for the user's own files."""
    names = metadata.packages_distributions().get(module, [])
    return names[0] if names else ""


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a weight file; read once as long as the file does not change."""
    try:
        state = path.stat()
        return _sha256_of_state(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise InputError(
            f"The weight file {path} cannot be read.",
            why=f"{error.strerror or error}.",
            fix="Check the path given with --weights or in the card.",
        ) from error


@functools.lru_cache(maxsize=16)
def _sha256_of_state(path: Path, size: int, changed_ns: int) -> str:
    """Digest of a file; size and time of change are there so that a new file is read anew."""
    digest = hashlib.sha256(b"")
    with path.open("rb") as stream:
        while block := stream.read(_HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _sha256_of_model(calculator: Any) -> str:
    """Digest of the parameters of torch models inside a calculator object; empty without any."""
    models = [getattr(calculator, "model", None), getattr(calculator, "potential", None)]
    committee = getattr(calculator, "models", None)
    models.extend(committee if isinstance(committee, (list, tuple)) else ())
    digest, found = hashlib.sha256(), False
    for model in models:
        state = getattr(model, "state_dict", None)
        if not callable(state):
            continue
        for name, tensor in sorted(state().items()):
            if hasattr(tensor, "detach"):
                found = True
                array = np.ascontiguousarray(tensor.detach().cpu().numpy())
                digest.update(f"{name}{array.dtype}{array.shape}".encode())
                digest.update(array.tobytes())
    return digest.hexdigest() if found else ""
