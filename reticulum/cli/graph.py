"""`reticulum graph`: clusters, linkers, neighbours and the underlying net of a framework."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from reticulum.cli.console import check_json_target, print_table, reporting, write_result
from reticulum.cli.options import JsonOption, StructureArgument

if TYPE_CHECKING:
    from reticulum.frameworks.framework_graph import FrameworkGraph
    from reticulum.frameworks.nets import NetIdentity


def graph(structure: StructureArgument, json: JsonOption = None) -> None:
    """Show metal clusters, linkers, which clusters are neighbours, and the underlying net."""
    with reporting():
        from reticulum.frameworks.framework_graph import framework_graph
        from reticulum.frameworks.library import find_structure_card
        from reticulum.frameworks.metal_networks import require_no_metal_network
        from reticulum.frameworks.reading import read_structure, structure_label

        check_json_target(json)
        atoms = read_structure(structure)
        name = structure_label(structure)
        require_no_metal_network(atoms, name)
        found = framework_graph(atoms, name)
        if json is not None:
            write_result(
                {"structure": name, "n_atoms": len(atoms), **found.to_dict()},
                json,
            )
            return
        _print(found, f"{name}, {len(atoms)} atoms in the cell")
        card = find_structure_card(structure)
        if card is not None and card.status == "constructed model":
            typer.echo(
                f"note: {name} is a constructed model of {card.confidence} confidence: its net "
                f"was put in, its bonds were computed (reticulum structures {name})."
            )


def _print(found: FrameworkGraph, title: str) -> None:
    print_table(
        f"Clusters of {title}",
        ("cluster", "kind", "in the cell ", "M-M, Å ", "bonds, Å", "linkers "),
        [
            (
                cluster.label,
                cluster.kind.value,
                str(cluster.count),
                _range(cluster.metal_distance_a),
                "; ".join(f"{pair} {_range(ends)}" for pair, ends in cluster.bonds_a.items()),
                " or ".join(map(str, cluster.linkers)),
            )
            for cluster in found.clusters
        ],
    )
    print_table(
        "Linkers",
        ("linker", "joins ", "clusters", "in the cell "),
        [
            (linker.formula, str(linker.n_joints), linker.environment, str(linker.count))
            for linker in found.linkers
        ],
    )
    for cluster in found.clusters:
        for sentence in cluster.neighbour_sentences():
            typer.echo(f"{sentence[0].upper()}{sentence[1:]}.")
    typer.echo()
    for net in found.nets:
        _print_net(net)


def _print_net(net: NetIdentity) -> None:
    known = f", known from {net.known_from}" if net.known_from else ""
    copies = f", {net.n_copies} interpenetrating copies" if (net.n_copies or 1) > 1 else ""
    degrees = ",".join(map(str, net.degrees))
    typer.echo(
        f"Net: {net.name or 'without a name'}{known}; ({degrees})-connected, "
        f"{net.periodicity}-periodic{copies}; {net.confidence}"
    )
    typer.echo(net.told_by)
    print_table(
        "",
        ("vertex", "edges ", "per smallest cell ", "coordination sequence"),
        [
            (
                entry.label,
                str(entry.degree),
                str(entry.multiplicity),
                " ".join(map(str, entry.coordination_sequence)),
            )
            for entry in net.vertex_classes
        ],
    )


def _range(ends: tuple[float, float] | None) -> str:
    """A range of distances, or one number if both ends print alike."""
    if ends is None:
        return ""
    low, high = (f"{end:.3f}" for end in ends)
    return low if low == high else f"{low} to {high}"
