"""Reads `policies/`: YAML files into validated policy, each under a version named by its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from bot.domain.policy import ContactPack, Ladder, ProductPolicy, ScoreCard, combined
from bot.storage.policy_files import PolicyError, PolicyFile, fault, read

__all__ = ["Policies", "PolicyError", "PolicyFile", "Versioned", "check_dates", "check_files", "versioned"]

M = TypeVar("M", ContactPack, Ladder, ScoreCard)


@dataclass(frozen=True, slots=True)
class Versioned:
    """A policy's content and the name under which offers and sends cite it."""

    kind: str
    name: str
    version: str
    content: dict[str, Any]


class Policies:
    """All policies of a lender, validated and cross-checked."""

    def __init__(
        self,
        products: dict[str, list[ProductPolicy]],
        packs: dict[str, ContactPack],
        ladders: dict[str, Ladder],
        default_pack: ContactPack,
        cards: dict[str, ScoreCard],
    ) -> None:
        self._products = products
        self._packs = packs
        self._ladders = ladders
        self._cards = cards
        self._of_country = {code: pack for pack in packs.values() for code in pack.countries}
        self._combined: dict[tuple[str, str], ContactPack] = {}
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
        read_in: list[tuple[Path, ProductPolicy]] = []
        for file in sorted(folder.glob("*.yml")):
            policy = read(file, ProductPolicy)
            for name, known, label in (
                (policy.contact_pack, packs, "contact_pack"),
                (policy.ladder, ladders, "ladder"),
                (policy.tiers, cards, "tiers"),
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
        return cls(products, packs, ladders, packs[_default(folder, products, packs, default_pack)], cards)

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

    def ladder(self, policy: ProductPolicy) -> Ladder:
        """Return the ladder of a product policy."""
        return self._ladders[policy.ladder]

    def score_card(self, policy: ProductPolicy) -> ScoreCard:
        """Return the score card of a product policy."""
        return self._cards[policy.tiers]

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


def check_files(files: Iterable[Path]) -> list[tuple[Path, Versioned | PolicyError]]:
    """Read files one by one and the products among them together; a wrong one does not hide the next."""
    found: list[tuple[Path, Versioned | PolicyError]] = []
    products: list[tuple[Path, ProductPolicy]] = []
    for file in files:
        try:
            policy = read(file)
            if isinstance(policy, ProductPolicy):
                check_dates([*products, (file, policy)])
                products.append((file, policy))
            found.append((file, versioned(policy)))
        except PolicyError as error:
            found.append((file, error))
    return found


def versioned(policy: PolicyFile) -> Versioned:
    """Name a policy by its own version number and the hash of its content."""
    content: dict[str, Any] = policy.model_dump(mode="json")
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]
    if isinstance(policy, ProductPolicy):
        kind, name = "product", policy.product
    elif isinstance(policy, ContactPack):
        kind, name = "contact", policy.pack
    elif isinstance(policy, Ladder):
        kind, name = "ladder", policy.ladder
    else:
        kind, name = "tiers", policy.score_card
    return Versioned(kind, name, f"{name}@{policy.version}-{digest}", content)


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
    """Refuse a ladder that speaks to a tier in which no card puts anybody."""
    known = sorted({name for card in cards.values() for name in card.names()})
    for file in sorted(folder.glob("ladder/*.yml")):
        for place, tier in read(file, Ladder).tiers():
            if tier not in known:
                what = f"{tier!r} is none of {', '.join(known) or 'nothing'}"
                raise fault(file, ("steps", place, "audience", "tiers"), what)


def _by_name(folder: Path, pattern: str, model: type[M], key: str) -> dict[str, M]:
    found: dict[str, M] = {}
    for file in sorted(folder.glob(pattern)):
        policy = read(file, model)
        name = getattr(policy, key)
        if name in found:
            raise fault(file, (key,), f"{name!r} stands in another file too")
        found[name] = policy
    return found
