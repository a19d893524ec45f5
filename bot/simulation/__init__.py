"""Synthetic borrowers on the movable clock, through the real planner, rules and services."""

from bot.simulation.mix import Mix, MixError, load_mix
from bot.simulation.run import Orders, Result, SimulationError, simulate

__all__ = ["Mix", "MixError", "Orders", "Result", "SimulationError", "load_mix", "simulate"]
