"""What plans, their limits, approvals and hardship are called."""

from __future__ import annotations

PLANS = {
    "instalment": "Instalment plan",
    "extension": "Extension",
    "holiday": "Payment holiday",
    "partial": "Part now, rest later",
    "waiver": "Waiver",
}
FREQUENCIES = {"monthly": "Monthly", "biweekly": "Every two weeks", "weekly": "Weekly", "payday": "On payday"}
LIMITS = {
    "instalment.count": "Number of payments",
    "instalment.minimum": "Smallest payment",
    "instalment.down_payment": "Down payment",
    "instalment.annual_rate": "Annual rate",
    "instalment.frequency": "How often",
    "instalment.first_payment": "First payment by",
    "extension.days": "Days of extension",
    "extension.per_12_months": "Extensions in 12 months",
    "extension.per_5_years": "Extensions in 5 years",
    "holiday.hardship": "Only in hardship",
    "holiday.months": "Months of payment holiday",
    "holiday.per_12_months": "Payment holidays in 12 months",
    "partial.minimum": "Smallest part now",
    "partial.days": "Days until the rest",
    "waiver.fees": "Fees waived",
    "waiver.interest": "Interest waived",
    "waiver.principal": "Principal waived",
    "waiver.days": "Days until it is paid",
    "eligibility.kind": "Kind of arrangement",
    "eligibility.stage": "Stage of arrears",
    "eligibility.broken_promises": "Broken promises in 12 months",
    "eligibility.plans": "Plans in 12 months",
    "eligibility.dispute": "Open dispute",
    "ability": "Borrower's ability",
    "wish": "Wish as a whole",
    "nothing_due": "Nothing is due",
}
APPROVALS = {
    "waiting": "Waiting for a decision",
    "approved": "Approved",
    "changed": "Approved with other terms",
    "refused": "Refused",
    "expired": "Not decided in time",
    "withdrawn": "Withdrawn",
}
LEVELS = {"bot": "Assistant", "agent": "Agent", "senior": "Senior agent", "supervisor": "Supervisor"}
STANDINGS = {
    "active": "Active",
    "open": "Open",
    "kept": "Kept",
    "completed": "Completed",
    "part_kept": "Kept in part",
    "broken": "Broken",
    "cancelled": "Cancelled",
    "superseded": "Replaced",
}
HARDSHIPS = {
    "job_loss": "Lost the job",
    "illness": "Illness",
    "reduced_income": "Earns less",
    "family": "Family",
    "business": "Own business",
    "disaster": "Disaster",
    "other": "Another reason",
}
OFFERS = {
    "accepted": "Accepted",
    "superseded": "Replaced by another",
    "expired": "Ran out",
    "withdrawn": "Withdrawn",
    "refused": "Refused",
}
