"""A token that guards a door: both environments use this module, the app's and Rasa's."""

from __future__ import annotations

import hmac

__all__ = ["opens"]


def opens(token: str, authorization: str | None) -> bool:
    """Tell whether a request's `Authorization` header opens what a token guards; in constant time."""
    given = (authorization or "").removeprefix("Bearer ")
    return hmac.compare_digest(given.encode(), token.encode())
