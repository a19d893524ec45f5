"""What complaints and calls are called."""

from __future__ import annotations

CATEGORIES_OF_COMPLAINT = {
    "conduct": "How we behaved",
    "contact": "Too many or unwanted messages",
    "amount": "Amount or fees",
    "privacy": "Privacy",
    "plan": "Plan or promise",
    "service": "Service or system",
    "other": "Something else",
}
COMPLAINT_OUTCOMES = {
    "upheld": "Upheld",
    "partly": "Partly upheld",
    "rejected": "Not upheld",
    "withdrawn": "Taken back by the borrower",
}
TASKS = {
    "negotiator_call": "Call from a negotiator",
    "agency_review": "Review before an agency",
    "call": "Call",
    "send_notice": "Send a legal notice by letter",
    "callback": "Wants a call back",
}
GROUNDS = {
    "agency_takeover": "Before an agency takes over",
    "credit_warning": "Before it is reported to the credit register",
    "validation_notice": "Validation of the debt",
    "collection_ends": "Collection ends",
    "remedy_possible": "A remedy may be used",
    "remedy_intended": "A remedy will be used",
    "arrears_notice": "Sums in arrears",
}
CALLS = {
    "promise": "Reached: promise to pay",
    "plan": "Reached: plan agreed",
    "resolved": "Reached: settled otherwise",
    "refused": "Reached: will not pay",
    "no_answer": "No answer",
    "later": "Reached: call again later",
    "wrong_number": "Wrong number",
    "third_party": "Somebody else answered",
}
CALL_ENDS = {"answered": "Somebody answered", "unanswered": "Nobody answered"}
RULES = {
    "quiet_hours": "Quiet hours {start}–{end}, their time",
    "cap": "{count} contacts in {days} days are used up",
    "closed_day": "Closed day",
    "kill_switch": "Automatic messages are off",
    "address": "Cannot be reached there",
    "consent": "No consent on this channel",
    "exempt": "Exempt from reminders",
}
