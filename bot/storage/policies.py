"""Reads `policies/`: YAML files into validated policy, each under a version named by its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from bot.domain.policy import ContactPack, Ladder, ProductPolicy

M = TypeVar("M", bound=BaseModel)

_DEEPEST = 20


class PolicyError(Exception):
    """A policy file is wrong; the message names file, line, field and what is allowed."""


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
    ) -> None:
        self._products = products
        self._packs = packs
        self._ladders = ladders
        self.default_pack = default_pack
        """The contact rules of a chat that belongs to no known borrower."""

    @classmethod
    def load(cls, folder: Path, default_pack: str = "") -> Policies:
        """Read every file under `folder`. Raises PolicyError on the first file that is wrong.

        `default_pack` names the contact rules of strangers; it may be left out while all products share one.
        """
        packs = _by_name(folder, "contact/*.yml", ContactPack, "pack")
        ladders = _by_name(folder, "ladder/*.yml", Ladder, "ladder")
        products: dict[str, list[ProductPolicy]] = {}
        for file in sorted(folder.glob("*.yml")):
            policy = read(file, ProductPolicy)
            for name, known, label in (
                (policy.contact_pack, packs, "contact_pack"),
                (policy.ladder, ladders, "ladder"),
            ):
                if name not in known:
                    raise fault(
                        file, (label,), f"{name!r} is none of {', '.join(sorted(known)) or 'nothing'}"
                    )
            same_day = [
                p for p in products.get(policy.product, []) if p.effective_from == policy.effective_from
            ]
            if same_day:
                raise fault(
                    file,
                    ("effective_from",),
                    f"{policy.effective_from} stands twice for {policy.product}",
                )
            products.setdefault(policy.product, []).append(policy)
        if not products:
            raise PolicyError(f"{folder}: there is no product policy (*.yml)")
        return cls(products, packs, ladders, packs[_default(folder, products, packs, default_pack)])

    def product(self, name: str, on: date) -> ProductPolicy:
        """Return the policy of a product in force on a day. Raises PolicyError when there is none."""
        in_force = [p for p in self._products.get(name, []) if p.effective_from <= on]
        if not in_force:
            raise PolicyError(f"no policy for product {name!r} is in force on {on}")
        return max(in_force, key=lambda p: p.effective_from)

    def products(self) -> tuple[ProductPolicy, ...]:
        """Return every policy of every product, in force or not."""
        return tuple(policy for policies in self._products.values() for policy in policies)

    def knows(self, product: str) -> bool:
        """Tell whether there is any policy for a product."""
        return product in self._products

    def currency(self, product: str) -> str:
        """Return the currency of a product."""
        return self._products[product][0].currency

    def pack(self, policy: ProductPolicy) -> ContactPack:
        """Return the contact pack of a product policy."""
        return self._packs[policy.contact_pack]

    def pack_of(self, product: str, on: date) -> ContactPack:
        """Return the contact pack that holds for a product's borrowers on a day.

        Unlike what may be agreed, it is never missing: what protects holds before a policy is in force too.
        """
        known = sorted(self._products.get(product, []), key=lambda policy: policy.effective_from)
        if not known:
            return self.default_pack
        in_force = [policy for policy in known if policy.effective_from <= on]
        return self.pack(in_force[-1] if in_force else known[0])

    def ladder(self, policy: ProductPolicy) -> Ladder:
        """Return the ladder of a product policy."""
        return self._ladders[policy.ladder]

    def ladders(self) -> tuple[Ladder, ...]:
        """Return every ladder."""
        return tuple(self._ladders.values())


def versioned(policy: ProductPolicy | ContactPack | Ladder) -> Versioned:
    """Name a policy by its own version number and the hash of its content."""
    content: dict[str, Any] = policy.model_dump(mode="json")
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]
    if isinstance(policy, ProductPolicy):
        kind, name = "product", policy.product
    elif isinstance(policy, ContactPack):
        kind, name = "contact", policy.pack
    else:
        kind, name = "ladder", policy.ladder
    return Versioned(kind, name, f"{name}@{policy.version}-{digest}", content)


class _Loader(yaml.CSafeLoader):
    """Reads every scalar as text, for the model to convert: to YAML, 22:00 is the number 1320."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def _default(
    folder: Path, products: dict[str, list[ProductPolicy]], packs: dict[str, ContactPack], named: str
) -> str:
    """Return the name of the pack for strangers; refuse to guess where products differ in it."""
    used = sorted({policy.contact_pack for policies in products.values() for policy in policies})
    if named and named not in packs:
        raise PolicyError(f"GRACE_CONTACT_PACK: {named!r} is none of {', '.join(sorted(packs))}")
    if not named and len(used) > 1:
        raise PolicyError(
            f"{folder}: the products use several contact packs ({', '.join(used)}); "
            "say in GRACE_CONTACT_PACK which holds for a chat that belongs to no known borrower"
        )
    return named or used[0]


def _by_name(folder: Path, pattern: str, model: type[M], key: str) -> dict[str, M]:
    found: dict[str, M] = {}
    for file in sorted(folder.glob(pattern)):
        policy = read(file, model)
        name = getattr(policy, key)
        if name in found:
            raise fault(file, (key,), f"{name!r} stands in another file too")
        found[name] = policy
    return found


def read(file: Path, model: type[M]) -> M:
    """Return one file as `model`. Raises PolicyError with file, line, field and what is wrong."""
    try:
        text = file.read_text("utf-8")
        _check_shape(file, text)
        content = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or error
        raise PolicyError(f"{file}:{mark.line + 1 if mark else 1}: (file): no YAML: {problem}") from error
    except (OSError, ValueError) as error:
        raise PolicyError(f"{file}:1: (file): cannot be read: {error}") from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise fault(file, first["loc"], first["msg"]) from error


def _check_shape(file: Path, text: str) -> None:
    """Refuse, before anything is built of it, what no policy needs: aliases, and nesting without end."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise PolicyError(f"{file}:{line}: *{event.anchor}: aliases have no place in a policy")
        if depth > _DEEPEST:
            raise PolicyError(f"{file}:{line}: (file): nested more than {_DEEPEST} levels deep")
    for line, key in _keys_twice(yaml.compose(text, _Loader)):
        raise PolicyError(f"{file}:{line}: {key}: stands twice")


def _keys_twice(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        for number, (key, value) in enumerate(node.value):
            if key.value in keys[:number]:
                yield key.start_mark.line + 1, str(key.value)
            yield from _keys_twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _keys_twice(item)


def fault(file: Path, path: tuple[int | str, ...], message: str) -> PolicyError:
    """Return the error that names a file, the line and the field of `path`, and what is wrong."""
    field = ".".join(str(part) for part in path) or "(file)"
    return PolicyError(f"{file}:{_line_of(file.read_text('utf-8'), path)}: {field}: {message}")


def _line_of(text: str, path: tuple[int | str, ...]) -> int:
    """Return the line (from 1) of the deepest node on `path` that the file has."""
    node = yaml.compose(text, _Loader)
    line = 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == part), None)
            if pair is None:
                continue
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
