"""The prediction graph is walked in an order found once, instead of being scheduled anew by dask.

A graph of a dozen nodes needs no scheduler: building it, sorting it and its locks take about a millisecond a
run, and a turn runs it several times.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner

Order = tuple[tuple[str, tuple[str, ...]], ...]
_ORDERS = "_grace_orders"


def order_of(schema: GraphSchema, targets: list[str]) -> Order:
    """Return the nodes that the targets need, each after those that it needs, with their inputs' names."""
    nodes = schema.minimal_graph_schema(targets).nodes
    found: dict[str, tuple[str, ...]] = {}

    def visit(name: str) -> None:
        if name in found or name not in nodes:
            return
        needs = tuple(nodes[name].needs.values())
        for need in needs:
            visit(need)
        found[name] = needs

    for target in targets:
        visit(target)
    return tuple(found.items())


def _run(
    self: DaskGraphRunner, inputs: Mapping[str, Any] | None = None, targets: list[str] | None = None
) -> dict[str, Any]:
    """Run the graph as Rasa's runner does: the same nodes, inputs, hooks and errors.

    Raises GraphRunError where an input bears the name of a node, or where a node's input is missing.
    """
    wanted = targets or self._graph_schema.target_names
    orders: dict[tuple[str, ...], Order] = self.__dict__.setdefault(_ORDERS, {})
    order = orders.get(tuple(wanted))
    if order is None:
        order = orders[tuple(wanted)] = order_of(self._graph_schema, wanted)
    done = {name: (name, value) for name, value in (inputs or {}).items()}
    clash = sorted(
        value for value in (inputs or {}).values() if isinstance(value, str) and value in dict(order)
    )
    if clash:
        raise GraphRunError(f"An input bears the name of a node of the graph: {', '.join(clash)}")
    try:
        for name, needs in order:
            # A need that nobody met goes in by its name alone: the node says which one is missing.
            done[name] = self._instantiated_nodes[name](*(done.get(need, need) for need in needs))
    except RuntimeError as error:
        raise GraphRunError("Error running runner.") from error
    return {name: done[name][1] for name in wanted}


def install() -> None:
    """Replace `DaskGraphRunner.run`. Training keeps dask: `rasa train` never comes here."""
    DaskGraphRunner.run = _run
