"""What codes are called in English: reasons, states, channels, holds, events."""

from __future__ import annotations

from collections.abc import Mapping

from bot.language.lint import CATEGORIES

PRIORITIES = ("Emergency", "Urgent", "Sensitive", "Raised", "Normal", "Low", "When free")
REASONS = {
    "self_harm": "Risk of self-harm",
    "threat": "Threat of violence",
    "death": "Death reported",
    "underage": "Underage or student",
    "represented": "Has a lawyer",
    "bankrupt": "Bankruptcy",
    "dispute": "Disputes the debt",
    "complaint": "Complaint",
    "data_rights": "Personal data request",
    "asked": "Asked for a person",
    "callback": "Wants a call back",
    "identity": "Identity not confirmed",
    "beyond_policy": "Asks for more than policy allows",
    "misunderstood": "Not understood",
    "failure": "Technical failure",
    "wording": "A message was held back",
    "ladder": "Call due",
    "operator": "Taken over by staff",
}
STATES = {
    "waiting": "Waiting",
    "claimed": "In progress",
    "closed": "Closed",
    "returned": "Back with the assistant",
}
OUTCOMES = {
    "resolved": "Resolved",
    "plan_agreed": "Plan agreed",
    "promise": "Promise to pay",
    "paid": "Paid",
    "dispute_upheld": "Dispute upheld",
    "dispute_rejected": "Dispute not upheld",
    "no_contact": "Could not be reached",
    "referred": "Passed to another team",
}
CHANNELS = {
    "telegram": "Telegram",
    "webchat": "Web chat",
    "email": "E-mail",
    "sms": "SMS",
    "terminal": "Terminal",
}
LANGUAGES = {"zh_CN": "Chinese", "en": "English"}
ROLES = {"agent": "Agent", "senior": "Senior agent", "supervisor": "Supervisor"}
DELIVERY = {
    "queued": "Queued",
    "sending": "Sending",
    "sent": "Sent",
    "uncertain": "Delivery unknown",
    "failed": "Not delivered",
    "held": "Held back for its wording",
}
KINDS = {
    "photo": "Photo",
    "document": "Document",
    "sticker": "Sticker",
    "edit": "Edited message",
    "contact": "Shared phone number",
    "payload": "Tapped a button",
    "paper": "Written terms",
}
PLANS = {"instalment": "Instalment plan", "extension": "Extension"}
STANDINGS = {
    "active": "Active",
    "open": "Open",
    "kept": "Kept",
    "completed": "Completed",
    "broken": "Broken",
    "cancelled": "Cancelled",
    "superseded": "Replaced",
}
HOLDS = {
    "promise": "Promise to pay",
    "plan": "Plan running",
    "dispute": "Dispute open",
    "paid_claim": "Says it is paid",
    "opt_out": "Wants no messages",
    "handoff": "With a person",
    "hardship": "Hardship",
    "complaint": "Complaint open",
    "self_harm": "Risk of self-harm",
    "threat": "Threat of violence",
    "death": "Death reported",
    "underage": "Underage or student",
    "represented": "Has a lawyer",
    "bankrupt": "Bankruptcy",
    "wrong_person": "Wrong person",
    "third_party": "Third party",
    "data_rights": "Personal data request",
    "contact_window": "Asked to be contacted later",
    "pause": "Paused",
}
EVENTS = {
    "due": "Amount due",
    "nudge_cancelled": "Reminder cancelled",
    "nudge_expired": "Reminder expired",
    "payment": "Payment",
    "payment_reversed": "Payment reversed",
    "paid_claim": "Says it is paid",
    "consent": "Agreed to messages",
    "opt_out": "Wants no messages",
    "opt_in": "Wants messages again",
    "contact_window": "Asked to be contacted later",
    "promise": "Promise to pay",
    "promise_kept": "Promise kept",
    "promise_broken": "Promise missed",
    "plan_offered": "Plan offered",
    "plan_accepted": "Plan agreed",
    "paper_made": "Written terms made",
    "plan_broken": "Plan broken",
    "plan_completed": "Plan completed",
    "dispute": "Disputes the debt",
    "dispute_closed": "Dispute closed",
    "complaint": "Complaint",
    "complaint_closed": "Complaint closed",
    "hardship": "Hardship",
    "hardship_reviewed": "Hardship reviewed",
    "handoff_opened": "Handed to a person",
    "handoff_claimed": "Taken by a person",
    "handoff_raised": "Made more urgent",
    "handoff_closed": "Hand-off closed",
    "vulnerable": "Needs special care",
    "self_harm": "Risk of self-harm",
    "death": "Death reported",
    "underage": "Underage or student",
    "represented": "Has a lawyer",
    "bankrupt": "Bankruptcy",
    "wrong_person": "Wrong person",
    "third_party": "Third party",
    "pause": "Paused",
    "resume": "Resumed",
    "exempt": "Exempt from reminders",
    "timezone_changed": "Time zone changed",
    "address_bound": "Address linked",
    "address_dead": "Address unreachable",
    "address_back": "Address reachable again",
    "identity_verified": "Identity confirmed",
    "identity_fact": "One fact of identity matched",
    "identity_failed": "Identity check failed",
    "link_issued": "Personal link issued",
    "assistant_down": "Assistant unavailable",
    "message_held": "Message held back",
    "message_refused": "Wording refused",
    "tier": "Tier changed",
    "agency_placed": "Placed with an agency",
    "agency_returned": "Back from the agency",
    "kill_switch": "Automatic messages switched",
}
ACTORS = {
    "bot": "Assistant",
    "borrower": "Borrower",
    "agency": "Agency",
    "staff": "Staff",
    "system": "System",
    "clock": "System",
    "lender": "Lender",
    "loan book": "Loan book",
    "gateway": "System",
    "operator": "Staff",
}

REFUSALS = {
    "role": "Your role does not allow this.",
    "empty": "An empty message is not sent.",
    "taken": "A colleague has this conversation.",
    "closed": "This conversation is closed.",
    "reason": "Please give a reason.",
    "not_asked": "Only the borrower's own request undoes this.",
    "follows": "This ends by itself, with what it follows from.",
    "no_hold": "This no longer holds.",
    "stranger": "Somebody else was found to write here. A supervisor has to lift that first.",
    "nobody": "This chat belongs to no borrower.",
    "wording": "This was not sent because of its wording.",
}
WORDING = CATEGORIES

TABLES: tuple[Mapping[str, str], ...] = (
    REASONS,
    STATES,
    OUTCOMES,
    CHANNELS,
    LANGUAGES,
    ROLES,
    DELIVERY,
    KINDS,
    PLANS,
    STANDINGS,
    HOLDS,
    EVENTS,
    ACTORS,
    REFUSALS,
    WORDING,
)
"""Every table of codes."""
