"""What hand-offs, messages and people are called."""

from __future__ import annotations

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
    "document": "Wants a document",
    "evidence": "Sent a file",
    "misunderstood": "Not understood",
    "failure": "Technical failure",
    "wording": "A message was held back",
    "ladder": "Call due",
    "broken": "Missed what was agreed twice",
    "review": "Hardship: to be looked at again",
    "operator": "Taken over by staff",
}
PRESENCES = {"online": "Online", "busy": "Busy", "away": "Away", "offline": "Offline"}
PRESENCES_ORDER = tuple(PRESENCES)
STATES = {
    "waiting": "Waiting",
    "claimed": "In progress",
    "snoozed": "Put aside",
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
    "call": "Telephone",
}
VARIABLES = {
    "name": "Name",
    "agent": "Agent",
    "lender": "Lender",
    "phone": "Telephone",
    "outstanding": "Outstanding",
    "overdue": "Overdue",
    "days_past_due": "Days past due",
    "due_date": "Next payment's day",
    "next_amount": "Next payment's amount",
    "promise_amount": "Promised amount",
    "promise_date": "Day of the promise",
    "complaint_number": "Number of the complaint",
    "complaint_date": "Day of our answer",
    "how_to_pay": "How to pay",
}
"""What a canned reply may name; the same set as the policy's."""
SCHEDULED = {
    "waiting": "Waiting",
    "sent": "Sent",
    "cancelled": "Cancelled",
    "refused": "Not sent: the rules did not allow it",
}
TONGUES = {"zh": "Chinese", "en": "English"}
LANGUAGES = {"zh_CN": "Chinese", "en": "English"}
ROLES = {"agent": "Agent", "senior": "Senior agent", "supervisor": "Supervisor", "auditor": "Auditor"}
DELIVERY = {
    "queued": "Queued",
    "sending": "Sending",
    "sent": "Sent",
    "delivered": "Delivered",
    "read": "Read",
    "uncertain": "Delivery unknown",
    "failed": "Not delivered",
    "held": "Held back for its wording",
    "cancelled": "Not sent",
    "answered": "Call answered",
    "unanswered": "Call not answered",
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
ACTS = {
    "signal_self_harm": "Risk of self-harm",
    "threaten_violence": "Threat of violence",
    "report_death": "Death reported",
    "report_underage": "Underage or student",
    "report_legal_representation": "Has a lawyer",
    "report_bankruptcy": "Bankruptcy",
    "stop_contact": "Wants no messages",
    "set_contact_time": "Names a time for contact",
    "wrong_person": "Wrong person",
    "third_party": "Third party",
    "dispute_debt": "Disputes the debt",
    "file_complaint": "Complaint",
    "request_data_rights": "Personal data request",
    "ask_human": "Asked for a person",
    "ask_balance": "Asks for the balance",
    "ask_due_date": "Asks for the due date",
    "ask_breakdown": "Asks for the breakdown",
    "ask_how_to_pay": "Asks how to pay",
    "ask_consequences": "Asks what happens otherwise",
    "ask_plan_status": "Asks about the plan",
    "request_document": "Wants a document",
    "promise_to_pay": "Promise to pay",
    "pay_now": "Wants to pay now",
    "already_paid": "Says it is paid",
    "refuse_to_pay": "Refuses to pay",
    "report_hardship": "Hardship",
    "request_extension": "Wants more time",
    "request_instalment": "Wants instalments",
    "request_waiver": "Wants a waiver",
    "request_callback": "Wants a call back",
    "choose_option": "Chooses an option",
    "counter_offer": "Names other terms",
    "affirm": "Yes",
    "deny": "No",
    "unsure": "Unsure",
    "greet": "Greeting",
    "goodbye": "Goodbye",
    "thank": "Thanks",
    "ask_who": "Asks who writes",
    "ask_if_bot": "Asks whether it is a machine",
    "ask_repeat": "Asks to repeat",
    "change_language": "Other language",
    "express_anger": "Anger",
    "out_of_scope": "Something else entirely",
    "state_identity": "States their identity",
}
"""What a message may mean, for correcting how it was read."""
