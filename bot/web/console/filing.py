"""Acts on what is on file: a hold lifted, identity confirmed, details shown, an offer told or agreed."""

from __future__ import annotations

from bot.domain.model import HoldKind
from bot.services.holds import HoldFact, is_wish
from bot.services.private import Details
from bot.web.console.handling import Handling
from bot.web.console.reasons import Question, ReasonDialog
from bot.web.console.terms import HOLDS


class Filing:
    """What the panel beside the conversation offers."""

    def __init__(self, case: Handling, dialog: ReasonDialog) -> None:
        self.case = case
        self.visit = case.visit
        self.words = case.words
        self._dialog = dialog

    async def tell_offer(self, offer_id: int) -> None:
        """Tell an open offer in the chat."""
        proposals, number = self.visit.desk.grace.proposals, self.case.number
        key = f"tell {offer_id}"

        def tell(agent: int) -> bool:
            proposals.pass_on(number, agent, offer_id, key=key)
            return True

        if await self.case.act(tell):
            await self.case.spread()

    async def record_yes(self, offer_id: int) -> None:
        """Set up a plan on the yes that the borrower wrote."""
        proposals, number = self.visit.desk.grace.proposals, self.case.number
        plan = await self.case.act(lambda agent: proposals.agree(number, agent, offer_id))
        if plan is not None:
            self.visit.say(self.words("The plan is set up."), "positive")
            await self.case.spread()

    def ask_to_lift(self, hold: HoldFact) -> None:
        """Ask why a hold shall end."""
        words, wish = self.words, is_wish(HoldKind(hold.kind))
        meaning = (
            words("This is the borrower's own wish. Undo it only if they have asked for that themself.")
            if wish
            else words("Reminders may go out again once nothing else stands in their way.")
        )
        consent = words("The borrower has asked for this themself.") if wish else None
        title = words("Lift: {hold}", hold=words.of(HOLDS, hold.kind))
        holds = self.visit.desk.grace.holds

        async def lift(reason: str, asked: bool) -> bool:
            lifted = await self.case.act(lambda agent: holds.lift(hold.id, agent, reason, asked=asked))
            return await self._settled(lifted is not None)

        self._dialog.ask(Question(title, meaning, words("Reason"), words("Lift"), consent), lift)

    async def reveal(self) -> Details | None:
        """Return the private details, which goes on record; None when refused."""
        private, number = self.visit.desk.grace.private, self.case.number
        return await self.case.act(lambda agent: private.reveal(number, agent))

    def ask_to_vouch(self) -> None:
        """Ask how identity was checked."""
        words = self.words
        identity, conversation = self.visit.desk.grace.identity, self.case.view.conversation_id

        def vouch_as(agent: int, how: str) -> bool:
            identity.vouch_as(conversation, agent, how)
            return True

        async def vouch(how: str, _: bool) -> bool:
            return await self._settled(bool(await self.case.act(lambda agent: vouch_as(agent, how))))

        self._dialog.ask(
            Question(
                words("Confirm identity"),
                words("From then on the debt may be spoken of in this chat."),
                words("How was it checked?"),
                words("Confirm"),
            ),
            vouch,
        )

    async def _settled(self, done: bool) -> bool:
        if done:
            await self.case.refresh()
        return done
