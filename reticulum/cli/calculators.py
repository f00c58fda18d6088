"""`reticulum calculators`: what can compute forces, and whether it obeys the laws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from reticulum.cli.console import (
    check_json_target,
    print_table,
    reporting,
    standard_output,
    write_result,
)
from reticulum.cli.options import JsonOption, WeightsOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reticulum.engines.cards import CalculatorCard
    from reticulum.engines.conformance import ConformanceReport

#: Width of a terminal in characters that holds the licences too.
_WIDE = 116

_HELP = "List the calculators, show one by its NAME, or check that it obeys the laws of forces."


class _NameOrCommand(TyperGroup):
    """Takes `calculators NAME` as `calculators show NAME`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["show", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(help=_HELP, invoke_without_command=True, cls=_NameOrCommand)


@app.callback()
def calculators(context: typer.Context, json: JsonOption = None) -> None:
    """List the calculators, show one by its NAME, or check that it obeys the laws of forces."""
    with reporting():
        if context.invoked_subcommand is not None:
            _refuse_early_json(json)
            return
        from reticulum.engines.cards import list_calculators

        check_json_target(json)
        found = [(card, _status(card)) for card in list_calculators()]
        if json is not None:
            write_result([{**card.to_dict(), "status": status} for card, status in found], json)
            return
        _print_list(found)


def _print_list(found: Sequence[tuple[CalculatorCard, str]]) -> None:
    """Print the calculators; a terminal of 80 characters holds them without licences."""
    rows = [
        (
            card.name,
            f"install [{card.extra}]" if status.startswith(_NOT_INSTALLED) and card.extra
            else status,
            card.licence,
            card.title,
        )
        for card, status in found
    ]  # fmt: skip
    columns = ("name", "status", "licence", "what it is")
    left_out = () if standard_output().width >= _WIDE else ("licence",)
    kept = [number for number, name in enumerate(columns) if name not in left_out]
    print_table(
        "Calculators (the first is the default; in full: reticulum calculators NAME)",
        [columns[number] for number in kept],
        [[row[number] for number in kept] for row in rows],
        only_last_folds=True,
    )
    if any(row[1].startswith("install [") for row in rows):
        typer.echo("install [NAME]: python -m pip install 'reticulum[NAME]'")


def _refuse_early_json(json: str | None) -> None:
    """Refuse an option that would be passed over."""
    from reticulum.errors import InputError

    if json is not None:
        raise InputError(
            "--json stands before the name, where it belongs to the list.",
            fix="Give it last: reticulum calculators NAME --json PATH",
        )


#: How the status of a calculator begins whose packages are missing.
_NOT_INSTALLED = "not installed: "


def _status(card: CalculatorCard) -> str:
    """Whether a calculator can be used, in words."""
    from reticulum.engines.build import Engine
    from reticulum.errors import InputError, MissingExtraError

    try:
        Engine(card=card).check_available()
    except MissingExtraError:
        return f"{_NOT_INSTALLED}{card.install_command}"
    except InputError:
        return "needs --weights PATH"
    return "ready"


@app.command("show")
def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A bundled calculator or the path of a card.")
    ],
    json: JsonOption = None,
) -> None:
    """Show what a calculator is, which magnetic states it computes, and what is known of it."""
    with reporting():
        from reticulum.engines.cards import load_calculator_card

        check_json_target(json)
        card = load_calculator_card(name)
        status = _status(card)
        if json is not None:
            write_result({**card.to_dict(), "status": status}, json)
            return
        print_card(card, status)


def print_card(card: CalculatorCard, status: str) -> None:
    """Print a card in words."""
    typer.echo(f"{card.name}: {card.title}")
    if card.description:
        typer.echo(" ".join(card.description.split()))
    gives = ", ".join(card.gives)
    if card.magnetic_states:
        typer.echo(f"Magnetic states: {card.magnetic_states}")
    if card.gamma_only:
        typer.echo(
            "Brillouin zone: the Gamma point only; small cells are described badly (phonons warns)."
        )
    typer.echo(f"Gives: {gives}; {card.precision}; displacement {card.displacement_a:g} Å")
    typer.echo(f"Elements: {len(card.elements)}, {card.elements[0]} to {card.elements[-1]}")
    typer.echo(f"Status: {status}")
    typer.echo(f"Licence: {card.licence}" + (
        f" (weights: {card.weights_licence})" if card.weights_licence else ""))  # fmt: skip
    for title, lines in (("Known", card.notes), ("To cite", card.citations)):
        if lines:
            typer.echo(f"{title}:")
            for line in lines:
                typer.echo(f"  - {line}")


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
