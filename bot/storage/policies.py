"""Reads `policies/`: YAML files into validated policy, each under a version named by its content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from bot.domain.policy import (
    CannedReplies,
    Checklist,
    ContactPack,
    Ladder,
    ProductPolicy,
    Routing,
    ScoreCard,
    combined,
)
from bot.storage.policy_checks import check_ladders
from bot.storage.policy_files import PolicyError, PolicyFile, fault, kinds, read, read_as
from bot.storage.policy_versions import Versioned, versioned

__all__ = ["Policies", "PolicyError", "PolicyFile", "Versioned", "check_dates", "check_files", "versioned"]

M = TypeVar("M", ContactPack, Ladder, ScoreCard)
D = TypeVar("D", Routing, CannedReplies, Checklist)
_PARTS: dict[str, type[BaseModel]] = {"contact": ContactPack, "ladder": Ladder, "tiers": ScoreCard}
"""The folders of what products name, and what stands there."""


@dataclass(frozen=True, slots=True)
class DeskPolicy:
    """How people work: where hand-offs go, what agents may pick to say, what their work is looked at for."""

    routing: Routing
    canned: CannedReplies
    checklist: Checklist


class Policies:
    """All policies of a lender, validated and cross-checked."""

    def __init__(
        self,
        products: dict[str, list[ProductPolicy]],
        packs: dict[str, ContactPack],
        ladders: dict[str, Ladder],
        default_pack: ContactPack,
        cards: dict[str, ScoreCard],
        desk: DeskPolicy | None = None,
    ) -> None:
        self._products = products
        self._packs = packs
        self._ladders = ladders
        self._cards = cards
        self._of_country = {code: pack for pack in packs.values() for code in pack.countries}
        self._combined: dict[tuple[str, str], ContactPack] = {}
        self._desk = desk
        self.default_pack = default_pack
        """The contact rules of a chat that belongs to no known borrower."""

    @classmethod
    def load(cls, folder: Path, default_pack: str = "") -> Policies:
        """Read every file under `folder`. Raises PolicyError on the first file that is wrong.

        `default_pack` names the contact rules of strangers; it may be left out while all products share one.
        """
        packs = _by_name(folder, "contact/*.yml", ContactPack, "pack")
        ladders = _by_name(folder, "ladder/*.yml", Ladder, "ladder")
        cards = _by_name(folder, "tiers/*.yml", ScoreCard, "score_card")
        _check_countries(folder, packs)
        _check_tiers(folder, cards)
        check_ladders(folder, packs.values())
        read_in: list[tuple[Path, ProductPolicy]] = []
        for file in sorted(folder.glob("*.yml")):
            policy = read(file, ProductPolicy)
            for name, known, label in (
                (policy.contact_pack, packs, "contact_pack"),
                (policy.ladder, ladders, "ladder"),
                (policy.score_card, cards, "score_card"),
            ):
                if name not in known:
                    raise fault(
                        file, (label,), f"{name!r} is none of {', '.join(sorted(known)) or 'nothing'}"
                    )
            read_in.append((file, policy))
        check_dates(read_in)
        products: dict[str, list[ProductPolicy]] = {}
        for _, policy in read_in:
            products.setdefault(policy.product, []).append(policy)
        if not products:
            raise PolicyError(f"{folder}: there is no product policy (*.yml)")
        default = packs[_default(folder, products, packs, default_pack)]
        return cls(products, packs, ladders, default, cards, _desk(folder))

    def product(self, name: str, on: date) -> ProductPolicy:
        """Return the policy of a product in force on a day. Raises PolicyError when there is none."""
        in_force = [p for p in self._products.get(name, []) if p.effective_from <= on]
        if not in_force:
            raise PolicyError(f"no policy for product {name!r} is in force on {on}")
        newest = max(in_force, key=lambda p: p.effective_from)
        if newest.effective_to is not None and newest.effective_to < on:
            raise PolicyError(
                f"no policy for product {name!r} is in force on {on}: the last one ended before"
            )
        return newest

    def products(self) -> tuple[ProductPolicy, ...]:
        """Return every policy of every product, in force or not."""
        return tuple(policy for policies in self._products.values() for policy in policies)

    def knows(self, product: str) -> bool:
        """Tell whether there is any policy for a product."""
        return product in self._products

    def currency(self, product: str) -> str:
        """Return the currency of a product."""
        return self._products[product][0].currency

    def pack(self, policy: ProductPolicy, country: str | None = None) -> ContactPack:
        """Return the contact rules of a product policy for a borrower who lives in `country` (ISO 3166).

        Where another pack protects whoever lives there, both hold: the stricter rule wins.
        """
        return self._with_home(self._packs[policy.contact_pack], country)

    def pack_of(self, product: str, on: date, country: str | None = None) -> ContactPack:
        """Return the contact rules that hold for a product's borrowers, of a country, on a day.

        Unlike what may be agreed, they never lack: what protects holds before a policy is in force too.
        """
        known = sorted(self._products.get(product, []), key=lambda policy: policy.effective_from)
        if not known:
            return self._with_home(self.default_pack, country)
        in_force = [policy for policy in known if policy.effective_from <= on]
        return self.pack(in_force[-1] if in_force else known[0], country)

    def _with_home(self, pack: ContactPack, country: str | None) -> ContactPack:
        home = None if country is None else self._of_country.get(country)
        if home is None or home is pack:
            return pack
        pair = (pack.pack, home.pack)
        if pair not in self._combined:
            self._combined[pair] = combined((pack, home))
        return self._combined[pair]

    @property
    def desk(self) -> DeskPolicy:
        """How people work. Raises PolicyError when these policies were made without it."""
        if self._desk is None:
            raise PolicyError("there is no routing file")
        return self._desk

    @property
    def routing(self) -> Routing:
        """Where hand-offs go."""
        return self.desk.routing

    def ladder(self, policy: ProductPolicy) -> Ladder:
        """Return the ladder of a product policy."""
        return self._ladders[policy.ladder]

    def score_card(self, policy: ProductPolicy) -> ScoreCard:
        """Return the score card of a product policy."""
        return self._cards[policy.score_card]

    def ladders(self) -> tuple[Ladder, ...]:
        """Return every ladder."""
        return tuple(self._ladders.values())


def check_dates(policies: Iterable[tuple[Path, ProductPolicy]]) -> None:
    """Refuse two policies of one product that would hold on the same day, and two currencies of one product.

    A policy without an end gives way to the product's next one; an end that is written down is meant.
    """
    by_product: dict[str, list[tuple[Path, ProductPolicy]]] = {}
    for file, policy in policies:
        for other_file, other in by_product.get(policy.product, []):
            if other.effective_from == policy.effective_from:
                what = f"{policy.effective_from} stands twice for {policy.product}: in {other_file.name} too"
                raise fault(file, ("effective_from",), what)
            early, late = sorted((other, policy), key=lambda one: one.effective_from)
            if early.effective_to is not None and early.effective_to >= late.effective_from:
                what = (
                    f"overlaps with {other_file.name}: one policy of {policy.product} ends on "
                    f"{early.effective_to}, the other begins on {late.effective_from}; "
                    "the end must be before the beginning"
                )
                raise fault(file, ("effective_to" if policy is early else "effective_from",), what)
            if other.currency != policy.currency:
                what = (
                    f"{policy.currency} here, {other.currency} in {other_file.name}; "
                    "a product has one currency"
                )
                raise fault(file, ("currency",), what)
        by_product.setdefault(policy.product, []).append((file, policy))


def check_files(
    files: Iterable[Path], house: Path, **more: type[BaseModel]
) -> list[tuple[Path, Versioned | PolicyError]]:
    """Read files one by one and the products among them together; a wrong one does not hide the next.

    What a product names is looked for among the files, beside it, and in the `house`. `more` are kinds of
    files beside policies, by their first key.
    """
    files, models = list(files), kinds(**more)
    found: list[tuple[Path, Versioned | PolicyError]] = []
    products: list[tuple[Path, ProductPolicy]] = []
    for file in files:
        try:
            policy = read_as(file, models)
            if isinstance(policy, ProductPolicy):
                check_dates([*products, (file, policy)])
                _check_names(file, policy, _beside(files, file, house), models)
                products.append((file, policy))
            found.append((file, versioned(policy)))
        except PolicyError as error:
            found.append((file, error))
    return found


def _beside(files: Sequence[Path], file: Path, house: Path) -> set[Path]:
    """Return the files among which a product finds what it names."""
    found = [
        one for part in _PARTS for folder in (file.parent, house) for one in folder.glob(f"{part}/*.yml")
    ]
    return {*files, *found} - {file}


def _check_names(
    file: Path, policy: ProductPolicy, beside: Iterable[Path], models: Mapping[str, type[BaseModel]]
) -> None:
    """Refuse a product that names contact rules, a ladder or a score card that there is none of.

    What stands in a file that is wrong itself nobody knows: what it may hold is not missed.
    """
    known: dict[type[BaseModel], set[str]] = {ContactPack: set(), Ladder: set(), ScoreCard: set()}
    tiers: set[str] = set()
    unread: set[type[BaseModel]] = set()
    for one in beside:
        try:
            other = read_as(one, models)
        except PolicyError:
            unread |= {_PARTS[one.parent.name]} if one.parent.name in _PARTS else set(known)
            continue
        if type(other) in known:
            known[type(other)].add(versioned(other).name)
        if isinstance(other, ScoreCard):
            tiers |= set(other.names())
    for label, name, model in (
        ("contact_pack", policy.contact_pack, ContactPack),
        ("ladder", policy.ladder, Ladder),
        ("score_card", policy.score_card, ScoreCard),
    ):
        if name not in known[model] and model not in unread:
            raise fault(file, (label,), _none_of(name, sorted(known[model])))
    if ScoreCard in unread:
        return
    for place, tier in policy.tiers_named():
        if tier not in tiers:
            raise fault(file, ("adjustments", place, "tiers"), _none_of(tier, sorted(tiers)))


def _default(
    folder: Path, products: dict[str, list[ProductPolicy]], packs: dict[str, ContactPack], named: str
) -> str:
    """Return the name of the pack for strangers; refuse to guess where neither setting nor packs say it."""
    used = sorted({policy.contact_pack for policies in products.values() for policy in policies})
    marked = sorted(name for name, pack in packs.items() if pack.strangers)
    if named and named not in packs:
        raise PolicyError(f"GRACE_CONTACT_PACK: {named!r} is none of {', '.join(sorted(packs))}")
    if named:
        return named
    if len(marked) == 1:
        return marked[0]
    if len(used) > 1:
        raise PolicyError(
            f"{folder}: the products use several contact packs ({', '.join(used)}); say in one pack "
            "(strangers: true) or in GRACE_CONTACT_PACK which holds for a chat of no known borrower"
        )
    return used[0]


def _check_countries(folder: Path, packs: dict[str, ContactPack]) -> None:
    """Refuse two packs that both claim to protect whoever lives in a country."""
    told: dict[str, str] = {}
    for file in sorted(folder.glob("contact/*.yml")):
        pack = next(one for one in packs.values() if one.pack == read(file, ContactPack).pack)
        for place, code in enumerate(pack.countries):
            if code in told:
                raise fault(file, ("countries", place), f"{code!r} stands in pack {told[code]!r} too")
            told[code] = pack.pack


def _check_tiers(folder: Path, cards: dict[str, ScoreCard]) -> None:
    """Refuse a ladder or a product that names a tier in which no card puts anybody."""
    known = sorted({name for card in cards.values() for name in card.names()})
    for file in sorted(folder.glob("ladder/*.yml")):
        for place, tier in read(file, Ladder).tiers():
            if tier not in known:
                raise fault(file, ("steps", place, "audience", "tiers"), _none_of(tier, known))
    for file in sorted(folder.glob("*.yml")):
        for place, tier in read(file, ProductPolicy).tiers_named():
            if tier not in known:
                raise fault(file, ("adjustments", place, "tiers"), _none_of(tier, known))


def _desk(folder: Path) -> DeskPolicy:
    """Read the one routing file, the one of canned replies, the one checklist."""
    routing_file, routing = _only(folder, "routing", Routing)
    canned_file, canned = _only(folder, "canned", CannedReplies)
    known = sorted(team.id for team in routing.teams)
    for place, reply in enumerate(canned.replies):
        for number, team in enumerate(reply.teams):
            if team not in known:
                path = ("replies", place, "teams", number)
                raise fault(canned_file, path, f"{_none_of(team, known)} of {routing_file.name}")
    return DeskPolicy(routing, canned, _only(folder, "quality", Checklist)[1])


def _only(folder: Path, part: str, model: type[D]) -> tuple[Path, D]:
    files = sorted((folder / part).glob("*.yml"))
    if len(files) != 1:
        found = ", ".join(file.name for file in files) or "none"
        raise PolicyError(f"{folder / part}: needs one file (*.yml), and has {found}")
    return files[0], read(files[0], model)


def _none_of(name: str, known: list[str]) -> str:
    return f"{name!r} is none of {', '.join(known) or 'nothing'}"


def _by_name(folder: Path, pattern: str, model: type[M], key: str) -> dict[str, M]:
    found: dict[str, M] = {}
    for file in sorted(folder.glob(pattern)):
        policy = read(file, model)
        name = getattr(policy, key)
        if name in found:
            raise fault(file, (key,), f"{name!r} stands in another file too")
        found[name] = policy
    return found
