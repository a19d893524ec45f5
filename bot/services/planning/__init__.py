"""Planning as sets: what is due for a day is worked out once, and joined to the whole loan book in SQL."""

from bot.services.planning.again import next_ways, plan_again
from bot.services.planning.slots import Places, Slot, agreed_slots, rung_slots, used_steps
from bot.services.planning.statements import places, plan_agreed, plan_rungs

__all__ = [
    "Places",
    "Slot",
    "agreed_slots",
    "next_ways",
    "places",
    "plan_again",
    "plan_agreed",
    "plan_rungs",
    "rung_slots",
    "used_steps",
]
