"""Synthetic borrowers on the movable clock, through the real planner, rules and services."""

from bot.simulation.assistance import AssistanceError
from bot.simulation.comparison import compare
from bot.simulation.mix import Mix, MixError, load_mix
from bot.simulation.run import Orders, Result, SimulationError, simulate

__all__ = [
    "AssistanceError",
    "Mix",
    "MixError",
    "Orders",
    "Result",
    "SimulationError",
    "compare",
    "load_mix",
    "simulate",
]
