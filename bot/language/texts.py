"""All words that leave Grace: `domain.yml` responses, rendered through Babel catalogues."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from babel.messages.pofile import read_po

SOURCE_LOCALE = "en"


class TextError(Exception):
    """A response key, translation or variable is missing; the message names it."""


@dataclass(frozen=True, slots=True)
class Button:
    """A choice under a message: what the borrower sees and what the assistant then reads."""

    title: str
    payload: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to send, with the key that it came from."""

    key: str
    text: str
    buttons: tuple[Button, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Texts:
    """Responses by key, translated by context (the key) and English source."""

    def __init__(
        self,
        responses: Mapping[str, list[dict[str, Any]]],
        catalogues: Mapping[str, Mapping[tuple[str | None, str], str]],
    ) -> None:
        self._responses = responses
        self._catalogues = catalogues
        # What follows from the wordings alone is found once.
        self._versions: dict[tuple[tuple[str, ...], str, str | None], str | None] = {}
        self._variables: dict[tuple[str, str], frozenset[str]] = {}

    @classmethod
    def load(cls, home: Path) -> Texts:
        """Read `domain.yml` and every `locales/<locale>/LC_MESSAGES/grace.po` below `home`.

        Raises TextError when a file cannot be read as what it is.
        """
        try:
            domain = yaml.load((home / "domain.yml").read_text("utf-8"), yaml.CSafeLoader)
            catalogues = {
                path.parts[-3]: _read_catalogue(path)
                for path in sorted(home.glob("locales/*/LC_MESSAGES/grace.po"))
            }
        except (OSError, yaml.YAMLError, ValueError) as error:
            raise TextError(f"texts cannot be read: {error}") from error
        return cls(domain["responses"], catalogues)

    @property
    def locales(self) -> tuple[str, ...]:
        """Every locale that can be spoken."""
        return (SOURCE_LOCALE, *sorted(self._catalogues))

    def keys(self) -> tuple[str, ...]:
        """Every response key."""
        return tuple(self._responses)

    def entries(self, locale: str) -> Iterator[tuple[str | None, str]]:
        """Yield every text in a locale, titles too, under its response key or the context of its page."""
        for key, variants in self._responses.items():
            for one in variants:
                sources = [one["text"], *(button["title"] for button in one.get("buttons", ()))]
                yield from ((key, self.translate(key, source, locale)) for source in sources)
        known = {pair for catalogue in self._catalogues.values() for pair in catalogue}
        for context, source in sorted(known, key=str):
            if context not in self._responses:
                yield context, self.translate(context, source, locale)

    def translate(self, context: str | None, source: str, locale: str) -> str:
        """Return `source` in `locale`. Raises TextError when the catalogue lacks it."""
        if locale == SOURCE_LOCALE:
            return source
        try:
            return self._catalogues[locale][context, source]
        except KeyError:
            raise TextError(f"no {locale} translation of {context or source!r}") from None

    def variations(self, key: str) -> tuple[str, ...]:
        """Return the names of the wordings that response `key` has, by their place: a, b and so on."""
        return tuple(string.ascii_lowercase[: len(self._responses.get(key, ()))])

    def render(
        self, key: str, locale: str, values: Mapping[str, Any] | None = None, variation: str | None = None
    ) -> Rendered:
        """Render response `key` with `values`, which are strings already written for `locale`.

        `variation` names one of its wordings; without it the first is used. Raises TextError when the key,
        its variation, its translation or a variable is missing.
        """
        try:
            response = self._wording(key, variation)
        except (KeyError, IndexError):
            raise TextError(f"there is no response {key!r} {variation or ''}in domain.yml") from None
        text = self.translate(key, response["text"], locale)
        try:
            written = text.format(**values or {})
        except (KeyError, IndexError) as error:
            raise TextError(f"response {key!r} needs the variable {error}") from None
        buttons = tuple(
            Button(self.translate(key, one["title"], locale), one["payload"])
            for one in response.get("buttons", ())
        )
        return Rendered(key, written, buttons, response.get("metadata", {}))

    def _wording(self, key: str, variation: str | None) -> dict[str, Any]:
        place = 0 if variation is None else string.ascii_lowercase.index(variation)
        return self._responses[key][place]

    def version(self, keys: Sequence[str], locale: str, variation: str | None = None) -> str | None:
        """Name the wording of responses in a locale by its hash (12 hex digits); None for unknown keys."""
        asked = (tuple(keys), locale, variation)
        if asked not in self._versions:
            self._versions[asked] = self._version(*asked)
        return self._versions[asked]

    def _version(self, keys: Sequence[str], locale: str, variation: str | None) -> str | None:
        known = [(key, self._wording(key, variation)) for key in keys if key in self._responses]
        if not known:
            return None
        sources = [
            (key, one)
            for key, response in known
            for one in (response["text"], *(button["title"] for button in response.get("buttons", ())))
        ]
        catalogue = self._catalogues.get(locale, {})
        wording = "\n".join(catalogue.get((key, source), source) for key, source in sources)
        return hashlib.sha256(wording.encode()).hexdigest()[:12]

    def variables(self, key: str, locale: str) -> frozenset[str]:
        """Return the variables that response `key` asks for in `locale`, in any of its wordings.

        Raises TextError when there is no such response, or no translation of it.
        """
        found = self._variables.get((key, locale))
        if found is None:
            if key not in self._responses:
                raise TextError(f"there is no response {key!r} in domain.yml")
            texts = (self.translate(key, one["text"], locale) for one in self._responses[key])
            names = (name for text in texts for _, name, _, _ in string.Formatter().parse(text))
            found = self._variables[key, locale] = frozenset(name for name in names if name)
        return found


def _read_catalogue(path: Path) -> dict[tuple[str | None, str], str]:
    with path.open("rb") as file:
        catalogue = read_po(file)
    return {
        (message.context, str(message.id)): str(message.string)
        for message in catalogue
        if message.id and message.string and not message.fuzzy
    }
