"""What a message has to say beside its matter, as the contact pack demands: placed once, and kept short."""

from __future__ import annotations

from bot.domain.policy import ContactPack
from bot.services.kit import Kit
from bot.storage.tables import Conversation


def disclosed(kit: Kit, conversation: Conversation, pack: ContactPack, *, verified: bool) -> str:
    """Return what the next bot message of a conversation must say too, and note that it was said.

    The first message says who writes, that it is automated, how to verify it, and the ways to a person, to
    complain and to end it. What names a debt is said only where identity is `verified`; until then it would
    tell whoever holds the phone (12 CFR 1006.6(d), the limited-content message).
    """
    first, locale = not conversation.disclosed, conversation.locale
    demanded = pack.disclosures(first=first)
    keys = []
    if first:
        conversation.disclosed = True
        keys.append("utter_disclosure")
    elif "opt_out" in demanded:
        keys.append("utter_disclosure_opt_out")
    if verified and "collector" in demanded:
        keys.append(
            "utter_disclosure_collector_later"
            if conversation.collector_told
            else "utter_disclosure_collector"
        )
        conversation.collector_told = True
    values = {"lender": kit.settings.lender(locale), "phone": kit.settings.lender_phone}
    return " ".join(kit.texts.render(key, locale, values).text for key in keys)
