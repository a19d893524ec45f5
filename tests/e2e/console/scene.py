"""A morning at the console: people who wait, and one conversation in somebody's hands."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta

from PIL import Image, ImageDraw
from sqlalchemy import select

from bot.domain.handoff import HandoffReason, Outcome
from bot.domain.money import Money
from bot.domain.plans import Wish
from bot.services.conversation import Incoming
from bot.services.kit import MovableClock
from bot.storage.tables import Borrower, HandoffRow
from tests.e2e.console.stage import Console
from tests.factory import make_borrower
from tests.integration.support import answered, chat, claimed

_NAMES = {
    "en": ("Li Ming", "Zhao Fang", "Sam Reed", "Chen Yu", "Maria Lopez", "Wu Qiang", "Tom Baker", "Sun Li"),
    "zh_CN": ("李明", "赵芳", "王强", "陈雨", "刘洋", "吴强", "周婷", "孙丽"),
}
_SAID = {
    "en": (
        ("I lost my job last month and can't pay 3,000 on Friday.", "report_hardship"),
        ("Thank you for telling me. Would three payments of 1,000 help?", ""),
        ("Could I pay 500 a month instead? I can show my dismissal letter.", "counter_offer"),
        ("That is more than I may decide alone. I am passing you to a colleague.", ""),
        ("OK, I will wait.", "affirm"),
        ("Good morning, this is Wang Li. I have your letter and am looking at what we can do.", ""),
        ("Thanks! Here is the receipt of what I paid yesterday.", ""),
    ),
    "zh_CN": (
        ("我上个月失业了，周五的3000元还不上。", "report_hardship"),
        ("谢谢您告诉我们。分三期，每期1000元，可以吗？", ""),
        ("能不能每月还500？我有离职证明。", "counter_offer"),
        ("这超出了我能决定的范围，已为您转给同事。", ""),
        ("好的，我等。", "affirm"),
        ("早上好，我是王莉。离职证明收到了，我正在看怎么安排合适。", ""),
        ("谢谢！这是我昨天还款的凭证。", ""),
    ),
}
_NOTE = {
    "en": "Calm, out of work since January. A letter from the employer is on file.",
    "zh_CN": "情绪平稳，一月起失业，离职证明已存档。",
}
_REASONS = (
    (HandoffReason.SELF_HARM, 2),
    (HandoffReason.COMPLAINT, 55),
    (HandoffReason.DISPUTE, 18),
    (HandoffReason.ASKED, 31),
    (HandoffReason.CALLBACK, 12),
    (HandoffReason.MISUNDERSTOOD, 4),
)

_LARGE = (HandoffReason.ASKED, HandoffReason.DISPUTE)


@dataclass(frozen=True)
class Scene:
    """What the pictures show: the case that Wang Li has."""

    mine: int


def play(console: Console, locale: str) -> Scene:
    """Let it happen, at the hours of one morning."""
    grace = console.grace
    clock = grace.kit.clock
    assert isinstance(clock, MovableClock)
    names = iter(_NAMES[locale])
    mine = _talk(console, locale, next(names), clock)
    for (reason, minutes), name in zip(_REASONS, names, strict=False):
        ref = _named(console, locale, name, "9000.00" if reason in _LARGE else "3000.00")
        conversation = chat(grace, ref)
        _receive(console, ref, _SAID[locale][0][0])
        number = grace.handoffs.open(conversation, reason, cause="scene")
        _age(console, number, minutes)
        if reason is HandoffReason.DISPUTE:
            grace.handoffs.claim(number, console.agent("anna"))
            _paid(console, ref, conversation, number)
        if reason is HandoffReason.COMPLAINT:
            grace.protection.honour(
                conversation, "file_complaint", turn="c1", locale=locale, text=_SAID[locale][2][0]
            )
        if reason is HandoffReason.ASKED:
            grace.approvals.request(
                conversation,
                Wish(kind="instalment", count=18),
                level="agent",
                turn="a1",
                note=_SAID[locale][2][0],
            )
    _closed(console, locale)
    grace.presence.say(console.agent("wang"), "online")
    grace.presence.say(console.agent("anna"), "busy")
    return Scene(mine)


def _paid(console: Console, ref: str, conversation: str, number: int) -> None:
    """Let a large payment be marked by the borrower's receipt, so that a second person has to agree."""
    grace = console.grace
    kept = grace.files.keep(conversation, "receipt.png", _receipt("8,500.00"))
    assert not isinstance(kept, str)
    sent = Incoming("webchat", ref, f"web:{ref}-p", "", kind="photo", attachment=kept.attachment())
    receipt = grace.conversations.receive(sent).message_id
    amount, day = Money.of("8500.00", "CNY"), grace.kit.clock.now().date()
    number_of = "2026030100012345"
    agent = console.agent("anna")
    grace.paid.mark(number, agent, amount, day, key="scene", evidence_id=receipt, reference=number_of)


def _closed(console: Console, locale: str) -> None:
    """Let two cases be over, one of them reviewed."""
    grace = console.grace
    for login, outcome in (("wang", Outcome.PLAN_AGREED), ("anna", Outcome.PROMISE)):
        conversation = chat(grace, _named(console, locale, _NAMES[locale][-1]))
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="scene")
        grace.handoffs.reply(number, console.agent(login), _SAID[locale][5][0], key=login)
        grace.handoffs.close(number, console.agent(login), outcome)
    marks = dict.fromkeys((item.id for item in grace.kit.policies.desk.checklist.items), True)
    grace.quality.review(number, console.agent("boss"), marks)


def _talk(console: Console, locale: str, name: str, clock: MovableClock) -> int:
    grace = console.grace
    ref = _named(console, locale, name)
    conversation = chat(grace, ref)
    said = _SAID[locale]
    for question, answer in ((0, 1), (2, 3)):
        clock.move(timedelta(minutes=2))
        _receive(console, ref, said[question][0])
        turn = claimed(grace, conversation)
        reading = {"intent": said[question][1], "confidence": 0.97, "acts": [{"intent": said[question][1]}]}
        answered(grace, turn, said[answer][0], reading=reading)
    number = grace.handoffs.open(conversation, HandoffReason.BEYOND_POLICY, cause="scene")
    clock.move(timedelta(minutes=4))
    _receive(console, ref, said[4][0])
    grace.handoffs.claim(number, console.agent("wang"))
    grace.handoffs.reply(number, console.agent("wang"), said[5][0], key="scene")
    grace.notes.add(number, console.agent("wang"), _NOTE[locale], key="scene")
    clock.move(timedelta(minutes=3))
    kept = grace.files.keep(conversation, "receipt.png", _receipt())
    assert not isinstance(kept, str)
    grace.conversations.receive(
        Incoming("webchat", ref, f"web:{ref}-f", said[6][0], kind="photo", attachment=kept.attachment())
    )
    clock.move(timedelta(minutes=1))
    return number


def _named(console: Console, locale: str, name: str, amount: str = "3000.00") -> str:
    ref = make_borrower(console.grace, locale=locale, amount=amount, prefix="B")
    with console.grace.kit.db.begin() as session:
        session.scalars(select(Borrower).where(Borrower.ref == ref)).one().name = name
    return ref


def _receive(console: Console, ref: str, text: str) -> None:
    at = console.grace.kit.clock.now().timestamp()
    console.grace.conversations.receive(Incoming("webchat", ref, f"web:{ref}-{at}", text))


def _age(console: Console, number: int, minutes: int) -> None:
    """Let a hand-off have waited."""
    with console.grace.kit.db.begin() as session:
        row = session.get_one(HandoffRow, number)
        row.opened_at -= timedelta(minutes=minutes)
        row.waiting_since = row.opened_at
        if row.respond_by is not None:
            row.respond_by -= timedelta(minutes=minutes)


def _receipt(amount: str = "500.00") -> bytes:
    """Draw what a photo of a receipt may look like."""
    picture = Image.new("RGB", (420, 300), "#f4f1ea")
    draw = ImageDraw.Draw(picture)
    for line, words in enumerate(
        ("BANK TRANSFER", "to: Example Lending", f"CNY {amount}", "2026-03-01 18:22")
    ):
        draw.text((32, 36 + 56 * line), words, fill="#33352f", font_size=26)
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()
