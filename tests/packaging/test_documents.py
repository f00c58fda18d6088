"""The README, CI and documents agree with each other and with the code."""

from __future__ import annotations

import re
from pathlib import Path

import reticulum

ROOT = Path(__file__).resolve().parents[2]


def _commands(text: str) -> list[str]:
    return re.findall(r"```bash\n(.+?)\n```", text, flags=re.DOTALL)


def test_ci_calls_the_test_command_of_the_readme() -> None:
    first, second = _commands((ROOT / "README.md").read_text(encoding="utf-8"))
    assert first.endswith("reticulum redshift HKUST-1")
    assert "-m pytest" in second
    assert second in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_links_of_the_documents_lead_somewhere() -> None:
    for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if not target.startswith("http"):
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_version_stands_in_one_place() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'dynamic = ["version"]' in text
    assert re.fullmatch(r"\d+\.\d+\.\d+", reticulum.__version__)
