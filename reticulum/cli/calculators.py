"""`reticulum calculators`: what can compute forces, and whether it obeys the laws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reticulum.cli.console import check_json_target, print_table, reporting, write_result
from reticulum.cli.options import JsonOption, WeightsOption

if TYPE_CHECKING:
    from reticulum.engines.conformance import ConformanceReport

app = typer.Typer(
    help="List the calculators, or check that one obeys the laws of forces.",
    invoke_without_command=True,
)


@app.callback()
def calculators(context: typer.Context, json: JsonOption = None) -> None:
    """List the calculators, or check that one obeys the laws of forces."""
    if context.invoked_subcommand is not None:
        return
    with reporting():
        from reticulum.engines.build import Engine
        from reticulum.engines.cards import list_calculators
        from reticulum.errors import InputError, MissingExtraError

        check_json_target(json)
        found = []
        for card in list_calculators():
            try:
                Engine(card=card).check_available()
                status = "ready"
            except MissingExtraError:
                status = f"not installed: {card.install_command}"
            except InputError:
                status = "needs --weights PATH"
            found.append((card, status))
        if json is not None:
            write_result([{**card.to_dict(), "status": status} for card, status in found], json)
            return
        print_table(
            "Calculators (the first is the default)",
            ("name", "what it is", "status", "licence"),
            [(card.name, card.title, status, card.licence) for card, status in found],
        )


@app.command("check")
def check(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A bundled calculator or the path of a card.")
    ],
    weights: WeightsOption = None,
    json: JsonOption = None,
) -> None:
    """Check shapes, gradients, invariances, stress and site symmetry of a calculator."""
    with reporting():
        from reticulum.engines.build import resolve_engine
        from reticulum.engines.conformance import check_calculator

        check_json_target(json)
        report = check_calculator(resolve_engine(name, weights))
        if json is not None:
            write_result(report.to_dict(), json)
        else:
            print_report(report)
        if not report.passed:
            raise typer.Exit(1)


def print_report(report: ConformanceReport) -> None:
    """Print a conformance report as a table."""
    print_table(
        f"{report.calculator} on {report.formula}",
        ("law", "verdict", "deviation ", "limit ", "unit", "what was compared"),
        [
            (
                check.name,
                check.status,
                "" if check.value is None else f"{check.value:.2g}",
                "" if check.limit is None else f"{check.limit:.2g}",
                check.unit,
                check.sentence,
            )
            for check in report.checks
        ],
    )
    verdict = "obeys every law it was tested on" if report.passed else "FAILED"
    typer.echo(
        f"{report.calculator} {verdict} ({report.n_evaluations} calculations). {report.spin}"
    )
