"""The papers' own words, by key; translations stand in the catalogues under the context `paper`."""

from __future__ import annotations

from bot.language.texts import Texts

CONTEXT = "paper"

WORDS: dict[str, str] = {
    "picture_title": "Your payment plan",
    "agreement_title": "Payment plan agreement",
    "intro": "{lender} and {borrower} agreed on {date} that the amount below is paid as follows."
    " The usual reminders stop; there is only one before each payment.",
    "lender": "Lender",
    "borrower": "Borrower",
    "loan": "Loan",
    "plan": "Plan no.",
    "agreed": "Agreed on",
    "kind": "Kind of plan",
    "kind_instalment": "Payment in instalments",
    "kind_extension": "Later due date",
    "kind_holiday": "Payment holiday, then payment",
    "kind_partial": "A part now, the rest later",
    "kind_waiver": "Reduced sum",
    "waived": "Taken off",
    "settles": "Amount it settles",
    "number": "No.",
    "date": "Date",
    "amount": "Amount",
    "cost": "Extra cost",
    "rate": "Effective annual rate",
    "total": "Total",
    "pay_heading": "How to pay",
    "trouble_heading": "If you cannot make a payment",
    "trouble": "Tell us, before the day if you can: write to us in the chat or call {phone}, and we look for"
    " another way together. One late payment does not make everything due at once.",
    "reach_heading": "Questions and complaints",
    "reach": "Write “agent” in the chat to reach a person, or “complaint” to complain; or call {phone}."
    " Neither changes anything in this plan.",
    "policy": "Made under policy {policy}",
    "page": "Page {page} of {pages}",
    "calendar_title": "Planned for today",
    "calendar_alarm": "Planned for tomorrow",
    "calendar_text": "Payment {number} of {count}: {amount}, loan {loan}.",
    "calendar_trouble": "If this day does not suit you, write to us in the chat or call {phone}.",
}


class Words:
    """The papers' words in one locale."""

    def __init__(self, texts: Texts, locale: str) -> None:
        self._texts = texts
        self.locale = locale

    def __call__(self, key: str, **values: object) -> str:
        """Return the words of a key with values in place. Raises TextError when the catalogue lacks them."""
        words = self._texts.translate(CONTEXT, WORDS[key], self.locale)
        return words.format_map(values) if values else words
