"""Papers and files as an answer to a browser: shown or saved, never run, never kept on the way."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Response

from bot.services.enclosures import PaperFile

GUARDED = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}
"""The headers of every file that a borrower sent or was sent."""


def served(paper: PaperFile) -> Response:
    """Return a paper or a file: a picture is shown, any other is saved under its name."""
    shown = quote(paper.name, safe="")
    name = f'filename="{shown}"' if shown == paper.name else f"filename*=utf-8''{shown}"
    disposition = "inline" if paper.is_image else "attachment"
    headers = {**GUARDED, "Content-Disposition": f"{disposition}; {name}"}
    return Response(paper.content, media_type=paper.type, headers=headers)
