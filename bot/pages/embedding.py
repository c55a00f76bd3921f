"""The chat on other sites' pages: the script that opens it there, and a page that shows how it looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import FileResponse
from starlette.routing import Route

from bot.pages.site import SCRIPTS, show

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

HOUR = 60 * 60  # seconds: its address stays the same, so that a mended script is everywhere an hour later


async def widget(request: Request) -> Response:  # as Starlette calls it
    """The script that other sites load."""
    return FileResponse(
        SCRIPTS / "widget.js",
        media_type="text/javascript",
        headers={"cache-control": f"public, max-age={HOUR}", "cross-origin-resource-policy": "cross-origin"},
    )


async def example(request: Request) -> Response:
    """A made-up council's page with the chat on it."""
    return show(request, "embed_example.html")


ROUTES = [Route("/chat.js", widget), Route("/embed-example", example)]
