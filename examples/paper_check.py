"""What a published paper says, recomputed from its own numbers; and what one number would change.

Run it with: python examples/paper_check.py
"""

from __future__ import annotations

from reticulum.reference.paper_claims import load_vtir_numbers
from reticulum.report.paper_check import Verdict, check_paper
from reticulum.report.paper_check_text import counts_sentence, numbers_line


def main() -> None:
    report = check_paper("vtir")
    print(counts_sentence(report))
    for finding in report.of(Verdict.CONTRADICTS):
        print(f"- {finding.claim}\n  {numbers_line(finding)}")

    # Which ΔS would make the printed populations equal at 50 °C?
    printed = load_vtir_numbers()
    for entropy in ("22.0", "20.0", "18.3"):
        changed = check_paper("vtir", printed.with_value("ds", entropy))
        finding = changed.finding("equal-populations-no-dcp")
        print(
            f"ΔS {entropy} J/mol/K: equal at {finding.recomputed:.0f} °C, {finding.verdict.value}"
        )


if __name__ == "__main__":
    main()
