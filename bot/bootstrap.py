"""The one composition root: settings in, services out. Nothing opens before it is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.language.texts import Texts
from bot.services.access import AccessService
from bot.services.accounts import AccountService
from bot.services.approvals import ApprovalService
from bot.services.attachments import AttachmentService
from bot.services.backup import BackupService
from bot.services.call_list import CallListService
from bot.services.calls import CallService
from bot.services.cases import CaseService
from bot.services.complaints import ComplaintService
from bot.services.conversation import ConversationService
from bot.services.counters import CounterService
from bot.services.delivery import DeliveryService
from bot.services.desk.alerts import AlertService
from bot.services.desk.assignments import AssignmentService
from bot.services.desk.canned import CannedService
from bot.services.desk.drafts import DraftService, NoteService
from bot.services.desk.figures import FigureService
from bot.services.desk.members import MemberService
from bot.services.desk.paid import PaidService
from bot.services.desk.presence import PresenceService
from bot.services.desk.quality import QualityService
from bot.services.desk.queue import QueueService
from bot.services.desk.scheduled import ScheduledService
from bot.services.desk.suggestions import SuggestionService
from bot.services.desk.sweeps import SweepService
from bot.services.desk.views import SavedViewService
from bot.services.desk.watching import WatchService
from bot.services.erasing import ErasureService, RetentionService
from bot.services.evidence import EvidenceService
from bot.services.factors import FactorService
from bot.services.files import FileService
from bot.services.gauges import GaugeService
from bot.services.handoffs import HandoffService
from bot.services.hardship import HardshipService
from bot.services.holds import HoldService
from bot.services.identity import IdentityService
from bot.services.keys import KeyService
from bot.services.kit import Clock, Kit, SystemClock, random_id
from bot.services.ledger import LedgerService
from bot.services.links import LinkService
from bot.services.loanbook import LoanbookService
from bot.services.negotiation import NegotiationService
from bot.services.notices import NoticeService
from bot.services.outbox import Outbox
from bot.services.outside import OutsideService
from bot.services.papers import PaperService
from bot.services.plans import PlanService
from bot.services.private import PrivateService
from bot.services.promises import PromiseService
from bot.services.proposals import ProposalService
from bot.services.protection import ProtectionService
from bot.services.reach import ReachService
from bot.services.relay import Relay
from bot.services.reminders import ReminderService
from bot.services.reviews import ReviewService
from bot.services.shortcuts import ShortcutService
from bot.services.staff import StaffService
from bot.services.switch import SwitchService
from bot.services.telling import Teller
from bot.services.threads import ThreadService
from bot.services.tiers import TierService
from bot.services.tokens import TokenService
from bot.services.tuning import TuningService
from bot.services.turns import TurnService
from bot.services.uncertain import UncertainService
from bot.services.variations import VariationService
from bot.services.webhooks import WebhookService
from bot.services.withholding import Withholding
from bot.settings import Settings
from bot.storage.db import Database, StorageError
from bot.storage.keyring import Keyring, SealError
from bot.storage.lint_rules import load_rules
from bot.storage.policies import Policies
from bot.storage.policy_checks import check_texts


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
    approvals: ApprovalService
    proposals: ProposalService
    counters: CounterService
    hardship: HardshipService
    promises: PromiseService
    plans: PlanService
    conversations: ConversationService
    turns: TurnService
    reminders: ReminderService
    delivery: DeliveryService
    outbox: Outbox
    papers: PaperService
    reviews: ReviewService
    reach: ReachService
    threads: ThreadService
    files: FileService
    attachments: AttachmentService
    cases: CaseService
    private: PrivateService
    complaints: ComplaintService
    staff: StaffService
    shortcuts: ShortcutService
    loanbook: LoanbookService
    tuning: TuningService
    ledger: LedgerService
    uncertain: UncertainService
    tiers: TierService
    variations: VariationService
    notices: NoticeService
    switch: SwitchService
    calls: CallService
    call_list: CallListService
    keys: KeyService
    queue: QueueService
    presence: PresenceService
    members: MemberService
    assignments: AssignmentService
    drafts: DraftService
    notes: NoteService
    scheduled: ScheduledService
    canned: CannedService
    watching: WatchService
    views: SavedViewService
    gauges: GaugeService
    backup: BackupService
    erasure: ErasureService
    retention: RetentionService
    access: AccessService
    outside: OutsideService
    tokens: TokenService
    webhooks: WebhookService
    factors: FactorService
    sweeps: SweepService
    alerts: AlertService
    suggestions: SuggestionService
    paid: PaidService
    quality: QualityService
    figures: FigureService

    def settle(self) -> None:
        """Settle what time decides: promises, plans, requests, reviews, tiers, what is to be forgotten."""
        self.switch.note()
        self.plans.settle_promises()
        self.plans.settle_plans()
        self.approvals.tend()
        self.reviews.open_due()
        self.notices.tend()
        self.tiers.refresh()
        self.hardship.forget_old()
        self.sweeps.run()
        self.scheduled.send_due()
        self.watching.forget_old()

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
        db=db or Database(settings.database_url, _keys(settings)),
        clock=clock or SystemClock(timedelta(seconds=settings.clock_offset)),
        policies=Policies.load(settings.home / "policies", settings.contact_pack),
        texts=Texts.load(settings.home),
        lexicon=load_rules(settings.home / "policies/lint"),
        settings=settings,
        new_id=new_id,
    )
    check_texts(settings.home / "policies", kit.texts.keys())
    if migrate:
        kit.db.migrate()
    identity = IdentityService(kit)
    accounts = AccountService(kit, identity)
    handoffs = HandoffService(kit)
    canned = CannedService(kit)
    protection = ProtectionService(kit, handoffs)
    relay = Relay(kit, handoffs)
    calls = CallService(kit)
    hardship = HardshipService(kit, accounts)
    evidence = EvidenceService(handoffs, hardship)
    papers = PaperService(kit)
    outbox = Outbox(kit, Withholding(kit, handoffs, relay))
    ledger = LedgerService(kit)
    reminders = ReminderService(kit)
    negotiation = NegotiationService(kit, accounts)
    files = FileService(kit)
    staff, factors = StaffService(kit), FactorService(kit)
    return Grace(
        kit=kit,
        identity=identity,
        links=LinkService(kit),
        accounts=accounts,
        handoffs=handoffs,
        holds=HoldService(kit),
        protection=protection,
        negotiation=negotiation,
        approvals=ApprovalService(kit, accounts, Teller(kit, identity, accounts, handoffs, relay)),
        proposals=ProposalService(kit, accounts, handoffs, negotiation),
        counters=CounterService(kit, accounts),
        hardship=hardship,
        promises=PromiseService(kit, accounts),
        plans=PlanService(kit),
        conversations=ConversationService(kit, identity, protection, relay, evidence),
        turns=TurnService(kit, identity, accounts, handoffs, relay, papers, outbox),
        reminders=reminders,
        delivery=DeliveryService(kit, reminders, handoffs),
        outbox=outbox,
        papers=papers,
        reviews=ReviewService(kit, handoffs),
        reach=ReachService(kit),
        threads=ThreadService(kit),
        files=files,
        attachments=AttachmentService(kit, handoffs, files),
        cases=CaseService(kit),
        private=PrivateService(kit),
        complaints=ComplaintService(kit),
        staff=staff,
        shortcuts=ShortcutService(kit),
        loanbook=LoanbookService(kit),
        tuning=TuningService(kit),
        ledger=ledger,
        uncertain=UncertainService(kit),
        tiers=TierService(kit),
        variations=VariationService(kit),
        notices=NoticeService(kit),
        switch=SwitchService(kit),
        calls=calls,
        call_list=CallListService(kit, handoffs, calls),
        keys=KeyService(kit),
        queue=QueueService(kit),
        presence=PresenceService(kit),
        members=MemberService(kit),
        assignments=AssignmentService(kit, handoffs),
        drafts=DraftService(kit),
        notes=NoteService(kit),
        scheduled=ScheduledService(kit),
        canned=canned,
        watching=WatchService(kit),
        views=SavedViewService(kit),
        gauges=GaugeService(kit),
        backup=BackupService(kit),
        erasure=ErasureService(kit, ledger),
        retention=RetentionService(kit),
        access=AccessService(kit, staff, factors),
        outside=OutsideService(kit, ThreadService(kit)),
        tokens=TokenService(kit),
        webhooks=WebhookService(kit),
        factors=factors,
        sweeps=SweepService(kit, handoffs),
        alerts=AlertService(kit),
        suggestions=SuggestionService(kit, canned, accounts),
        paid=PaidService(kit),
        quality=QualityService(kit),
        figures=FigureService(kit),
    )


def _keys(settings: Settings) -> Keyring:
    try:
        return Keyring(settings.data_keys.get_secret_value())
    except SealError as error:
        raise StorageError(str(error)) from error
