"""Second factors: an authenticator app's codes, each good once, and recovery codes for a lost phone."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

import pyotp
from sqlalchemy.orm import Session

from bot.services.kit import Kit
from bot.services.records import record
from bot.services.rights import NotAllowed
from bot.storage.tables import Agent, SecondFactor

_STEP = 30
_RECOVERY = 10
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A new secret, not yet in force: what an app scans, and what is typed where it cannot."""

    secret: str
    uri: str


class FactorService:
    """Enrols, checks and removes second factors."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def enrolled(self, agent_id: int) -> bool:
        """Tell whether somebody has a second factor."""
        with self.kit.db.begin() as session:
            return self.has(session, agent_id)

    def begin(self, agent_id: int) -> Enrolment:
        """Return a new secret for somebody; it counts once a code of it was given to `confirm`."""
        with self.kit.db.begin() as session:
            login = session.get_one(Agent, agent_id).login
        secret = pyotp.random_base32()
        return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name="Grace"))

    def confirm(self, agent_id: int, secret: str, code: str) -> tuple[str, ...]:
        """Put a secret in force by a code of it; return the recovery codes, which are shown this once.

        Raises NotAllowed when the code is not one of the secret's, or there is a second factor already.
        """
        step = self._step(secret, code)
        if step is None:
            raise NotAllowed("code", "this is not the code that the app shows now")
        now = self.kit.clock.now()
        codes = tuple("-".join(_letters(5) for _ in range(2)) for _ in range(_RECOVERY))
        with self.kit.db.begin() as session:
            if session.get(SecondFactor, agent_id, with_for_update=True) is not None:
                raise NotAllowed("enrolled", "there is a second factor already")
            session.add(
                SecondFactor(
                    agent_id=agent_id,
                    secret=secret,
                    last_step=step,
                    recovery=[_hash(one) for one in codes],
                    created_at=now,
                )
            )
            record(session, now, "factor_added", cause="console", actor=f"agent {agent_id}")
        return codes

    def remove(self, agent_id: int, *, actor: str) -> bool:
        """Take a second factor away, for who lost phone and codes; tell whether there was one."""
        with self.kit.db.begin() as session:
            row = session.get(SecondFactor, agent_id)
            if row is None:
                return False
            session.delete(row)
            now = self.kit.clock.now()
            record(session, now, "factor_removed", cause="operator", actor=actor, agent=agent_id)
            return True

    def has(self, session: Session, agent_id: int) -> bool:
        """Tell within a running transaction whether somebody has a second factor."""
        return session.get(SecondFactor, agent_id) is not None

    def passes(self, session: Session, agent_id: int, code: str) -> bool | None:
        """Use a code up; None when one is needed and none was given. A code that was used does not pass."""
        row = session.get(SecondFactor, agent_id, with_for_update=True)
        if row is None:
            return True
        given = code.strip().replace(" ", "").lower()
        if not given:
            return None
        step = self._step(row.secret, given)
        if step is not None:
            fresh = step > row.last_step
            row.last_step = max(step, row.last_step)
            return fresh
        if _hash(given) in row.recovery:
            row.recovery = [one for one in row.recovery if one != _hash(given)]
            now = self.kit.clock.now()
            record(
                session,
                now,
                "recovery_used",
                cause="console",
                actor=f"agent {agent_id}",
                left=len(row.recovery),
            )
            return True
        return False

    def _step(self, secret: str, code: str) -> int | None:
        """Return the time step of a code: the present one, or one beside it, since clocks differ."""
        here = int(self.kit.clock.now().timestamp()) // _STEP
        codes = pyotp.TOTP(secret)
        given = code.strip().replace(" ", "")
        for step in (here, here - 1, here + 1):
            if hmac.compare_digest(codes.generate_otp(step).encode(), given.encode("utf-8", "replace")):
                return step
        return None


def _letters(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
