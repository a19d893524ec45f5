"""Plain pages in both languages, without a script: a link's one button, and why a link opens nothing."""

from __future__ import annotations

from html import escape

from fastapi.responses import HTMLResponse

from bot.bootstrap import Grace
from bot.web.chat.texts import page_texts

GUARDS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
NOWHERE = "base-uri 'none'; frame-ancestors 'none'"
_STYLE = "font-family:system-ui;max-width:32rem;margin:20vh auto;padding:0 1.5rem;line-height:1.7"
_BUTTON = (
    "font:inherit;font-weight:600;margin-top:1rem;padding:.7rem 1.6rem;border:0;border-radius:999px;"
    "background:#2f6f5e;color:#fff;cursor:pointer"
)
_LANGUAGES = {"zh_CN": "zh-CN", "en": "en"}


def notice(grace: Grace, key: str, status: int) -> HTMLResponse:
    """Return a page that says one response."""
    values = {"phone": grace.kit.settings.lender_phone}
    return _page(
        {locale: grace.kit.texts.render(key, locale, values).text for locale in _LANGUAGES}, status=status
    )


def doorstep(grace: Grace) -> HTMLResponse:
    """Return the page of a link that still opens: who only looks at it, as previews do, uses nothing up."""
    words = {locale: _words(grace, locale) for locale in _LANGUAGES}
    label = " / ".join(one["open"] for one in words.values())
    form = f"<form method='post'><button style='{_BUTTON}'>{escape(label)}</button></form>"
    return _page({locale: one["open_intro"] for locale, one in words.items()}, form, action="'self'")


def _words(grace: Grace, locale: str) -> dict[str, str]:
    return page_texts(grace.kit.texts, locale, grace.kit.settings.lender(locale))


def _page(
    lines: dict[str, str], more: str = "", *, status: int = 200, action: str = "'none'"
) -> HTMLResponse:
    said = "".join(f"<p lang='{_LANGUAGES[key]}'>{escape(line)}</p>" for key, line in lines.items())
    page = (
        "<!doctype html><html lang='zh-CN'><meta charset='utf-8'><meta name='viewport' "
        "content='width=device-width, initial-scale=1'><meta name='robots' content='noindex'>"
        f"<title>Grace</title><body style='{_STYLE}'><main>{said}{more}</main>"
    )
    rules = f"default-src 'none'; style-src 'unsafe-inline'; form-action {action}; {NOWHERE}"
    headers = {"Content-Security-Policy": rules, "Cache-Control": "no-store", **GUARDS}
    return HTMLResponse(page, status, headers=headers)
