"""What all pages have in common: templates, the assets they load, phone numbers to tap, and strict security headers."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined
from markupsafe import Markup, escape
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from actions.reply import say_date
from bot import settings
from knowledge.settings import HOME

if TYPE_CHECKING:
    from os import PathLike, stat_result

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Message, Receive, Scope, Send

FOLDER = HOME / "bot" / "pages"
SCRIPTS = FOLDER / "assets"
YEAR = 365 * 24 * 60 * 60  # seconds
NUMBER = re.compile(
    r"\b(?:999|18001 111|111|101|116 123|116 000|105|119|18000|85258|0\d{2,4}(?: ?\d{2,4}){2,3})\b(?!\w|[.,]\d)"
)
TEXTS = ("85258",)  # numbers that are texted, not rung
ELSEWHERE = "https://www.bbc.co.uk/weather"  # where somebody goes who must hide this page; nobody wonders at it


def phones(line: str) -> Markup:
    """A line of text with its phone numbers ready to be tapped."""
    safe = str(escape(line))
    return Markup(NUMBER.sub(lambda m: f'<a href="{dial(m.group())}">{m.group()}</a>', safe))  # noqa: S704  # escaped


def dial(number: str) -> str:
    """The address that rings a number, or texts it."""
    digits = number.replace(" ", "")
    return f"sms:{digits}" if digits in TEXTS else f"tel:{digits}"


@lru_cache(maxsize=8)
def asset(name: str) -> str:
    """The address of a style or script; another one whenever it changes, so that browsers may keep it for ever."""
    return f"/static/{name}?{hashlib.sha256(_file(name).read_bytes()).hexdigest()[:8]}"


def _file(name: str) -> Any:
    made = settings.assets_folder() / name
    return made if made.exists() else SCRIPTS / name


class Assets(StaticFiles):
    """The styles that were made and our own scripts, to be kept by the browser."""

    def __init__(self) -> None:
        """Look among what was made first."""
        super().__init__(directory=settings.assets_folder(), check_dir=False)
        self.all_directories = [settings.assets_folder(), SCRIPTS]

    def file_response(
        self, full_path: PathLike[str] | str, stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """As Starlette answers, with leave to keep it."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["cache-control"] = f"public, max-age={YEAR}, immutable"
        return response


templates = Jinja2Templates(FOLDER / "templates")
templates.env.undefined = StrictUndefined
templates.env.trim_blocks = templates.env.lstrip_blocks = True
templates.env.filters |= {"phones": phones, "dial": dial, "say_date": say_date}
templates.env.globals |= {"asset": asset, "wording": settings.WORDING}


def show(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """A page: a template of the templates folder, with what it tells."""
    return templates.TemplateResponse(request, template, {"embedded": False, **context}, status_code=status)


class SecureHeaders:
    """ASGI middleware that puts the security headers on every response.

    Nothing is loaded from elsewhere, nothing runs that stands in a page, and only the embedded chat may be framed, by
    the sites that the settings name.
    """

    def __init__(self, app: Any) -> None:
        """Wrap an ASGI app."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to the start of each HTTP response."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                known = {name.lower() for name, _ in message["headers"]}
                for name, value in security_headers(scope["path"]).items():
                    if name.encode() not in known:
                        message["headers"].append((name.encode(), value.encode()))
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def security_headers(path: str) -> dict[str, str]:
    """The headers of a response at this path."""
    framed_by = " ".join(["'self'", *settings.embed_origins()]) if path.startswith("/embedded") else "'none'"
    frames = "frame-src 'self'; " if path == "/embed-example" else ""
    return {
        "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self'; {frames}form-action 'self' {ELSEWHERE.rsplit('/', 1)[0]}; base-uri 'none'; "
        f"frame-ancestors {framed_by}",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
