"""The one composition root: settings in, services out. Nothing opens before it is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.language.texts import Texts
from bot.services.accounts import AccountService
from bot.services.calls import CallService
from bot.services.cases import CaseService
from bot.services.conversation import ConversationService
from bot.services.delivery import DeliveryService
from bot.services.files import FileService
from bot.services.handoffs import HandoffService
from bot.services.holds import HoldService
from bot.services.identity import IdentityService
from bot.services.kit import Clock, Kit, SystemClock, random_id
from bot.services.ledger import LedgerService
from bot.services.links import LinkService
from bot.services.loanbook import LoanbookService
from bot.services.negotiation import NegotiationService
from bot.services.outbox import Outbox
from bot.services.promises import PromiseService
from bot.services.protection import ProtectionService
from bot.services.reach import ReachService
from bot.services.relay import Relay
from bot.services.reminders import ReminderService
from bot.services.staff import StaffService
from bot.services.threads import ThreadService
from bot.services.tiers import TierService
from bot.services.tuning import TuningService
from bot.services.turns import TurnService
from bot.services.uncertain import UncertainService
from bot.services.variations import VariationService
from bot.services.withholding import Withholding
from bot.settings import Settings
from bot.storage.db import Database
from bot.storage.lint_rules import load_rules
from bot.storage.policies import Policies


@dataclass(frozen=True)
class Grace:
    """Every service, wired."""

    kit: Kit
    identity: IdentityService
    links: LinkService
    accounts: AccountService
    handoffs: HandoffService
    holds: HoldService
    protection: ProtectionService
    negotiation: NegotiationService
    promises: PromiseService
    conversations: ConversationService
    turns: TurnService
    reminders: ReminderService
    delivery: DeliveryService
    outbox: Outbox
    reach: ReachService
    threads: ThreadService
    files: FileService
    cases: CaseService
    staff: StaffService
    loanbook: LoanbookService
    tuning: TuningService
    ledger: LedgerService
    uncertain: UncertainService
    tiers: TierService
    variations: VariationService
    calls: CallService

    def close(self) -> None:
        """Close the database."""
        self.kit.db.close()


def build(
    settings: Settings,
    clock: Clock | None = None,
    *,
    migrate: bool = True,
    db: Database | None = None,
    new_id: Callable[[], str] = random_id,
) -> Grace:
    """Wire all services on `settings`; `clock` replaces the machine's, `db` the one that settings name.

    Raises PolicyError, TextError or StorageError, each saying what is wrong and where.
    """
    kit = Kit(
        db=db or Database(settings.database_url),
        clock=clock or SystemClock(timedelta(seconds=settings.clock_offset)),
        policies=Policies.load(settings.home / "policies", settings.contact_pack),
        texts=Texts.load(settings.home),
        lexicon=load_rules(settings.home / "policies/lint"),
        settings=settings,
        new_id=new_id,
    )
    if migrate:
        kit.db.migrate()
    identity = IdentityService(kit)
    accounts = AccountService(kit, identity)
    handoffs = HandoffService(kit)
    protection = ProtectionService(kit, handoffs)
    relay = Relay(kit, handoffs)
    reminders = ReminderService(kit)
    return Grace(
        kit=kit,
        identity=identity,
        links=LinkService(kit),
        accounts=accounts,
        handoffs=handoffs,
        holds=HoldService(kit),
        protection=protection,
        negotiation=NegotiationService(kit, accounts),
        promises=PromiseService(kit, accounts),
        conversations=ConversationService(kit, identity, protection, relay),
        turns=TurnService(kit, identity, accounts, handoffs, relay),
        reminders=reminders,
        delivery=DeliveryService(kit, reminders, handoffs),
        outbox=Outbox(kit, Withholding(kit, handoffs, relay)),
        reach=ReachService(kit),
        threads=ThreadService(kit),
        files=FileService(kit),
        cases=CaseService(kit),
        staff=StaffService(kit),
        loanbook=LoanbookService(kit),
        tuning=TuningService(kit),
        ledger=LedgerService(kit),
        uncertain=UncertainService(kit),
        tiers=TierService(kit),
        variations=VariationService(kit),
        calls=CallService(kit),
    )
