"""The services as REST under /api/v1, for a lender's own desk."""

from bot.web.api.app import api_app

__all__ = ["api_app"]
