"""The web app: Rasa's REST channel, the resident's page and the health check, in one ASGI process."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import re
import secrets
import sys
from typing import TYPE_CHECKING, Any

import structlog
from markupsafe import Markup, escape
from rasa.shared.core.events import BotUttered, Restarted, UserUttered
from starlette.applications import Starlette
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from bot import settings
from bot.assistant import Assistant
from bot.danger_reply import danger_reply, may_have_to_hide
from bot.events import ConversationsError
from bot.last_look import last_look
from bot.messages import BadMessage, Messages, check_sender, check_text, without_personal_data
from knowledge import published
from knowledge.search import KnowledgeBaseError
from knowledge.settings import HOME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.requests import Request

    from bot.conversations import ConversationStore

logger = logging.getLogger(__name__)

PAGES = HOME / "bot" / "pages"
HOUR = 60 * 60  # seconds
SESSION = "conversation"  # the one cookie: which conversation this browser is in
ELSEWHERE = "https://www.bbc.co.uk/weather"  # where somebody goes who must hide this page; nobody wonders at it
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self' https://www.bbc.co.uk; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
NUMBER = re.compile(r"\b(?:999|18001 111|111|116 123|18000|85258|0\d{2,4}(?: ?\d{2,4}){2,3})\b")


def phones(line: str) -> Markup:
    """A line of an answer with its phone numbers ready to be tapped."""
    safe = str(escape(line))
    return Markup(NUMBER.sub(lambda m: f'<a href="{_scheme(m.group())}">{m.group()}</a>', safe))  # noqa: S704  # escaped


def _scheme(number: str) -> str:
    digits = number.replace(" ", "")
    return f"sms:{digits}" if digits == "85258" else f"tel:{digits}"


templates = Jinja2Templates(PAGES)
templates.env.filters["phones"] = phones


async def read_body(request: Request) -> bytes:
    """The body, up to what anyone can mean to send; raises `BadMessage` beyond."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > settings.LONGEST_BODY:
            raise BadMessage("body_too_long", 413)
    return body


async def read_object(request: Request) -> dict[str, Any]:
    """The JSON object in the body; raises `BadMessage` where there is none."""
    body = await read_body(request)
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        raise BadMessage("not_json") from None
    if not isinstance(sent, dict):
        raise BadMessage("not_an_object")
    return sent


async def webhook(request: Request) -> Response:
    """Rasa's REST channel: `{"sender", "message"}` in, a list of messages out."""
    sent = await read_object(request)
    text = check_text(sent.get("message"))
    sender = check_sender(sent.get("sender", "default"))
    return JSONResponse(await request.app.state.messages.answer(sender, text))


async def delete_over_rest(request: Request) -> Response:
    """`{"sender"}` in: that conversation is deleted."""
    sent = await read_object(request)
    deleted = await request.app.state.messages.assistant.delete(check_sender(sent.get("sender")))
    return JSONResponse({"deleted": deleted})


async def page(request: Request) -> Response:
    """The conversation as a page; a form sends the next message."""
    conversation = request.cookies.get(SESSION, "")
    return await _show(request, conversation)


async def say(request: Request) -> Response:
    """A message from the page's form: answer it, then show the page again at the newest message."""
    conversation = request.cookies.get(SESSION) or secrets.token_urlsafe(24)
    form = await request.form(max_fields=5, max_part_size=settings.LONGEST_BODY)
    try:
        text = check_text(form.get("message"))
        replies = await request.app.state.messages.answer(check_sender(conversation), text)
    except BadMessage as bad:
        return await _show(request, conversation, str(bad), str(form.get("message") or ""), bad.status)
    if any(message.get("custom", {}).get("outcome") == "emergency" for message in replies):
        said, _ = await _kept(request, conversation, must=False)
        shown = _from_assistant(replies[0]["text"], {"outcome": "emergency"})
        if not said or said[-1].get("heading") != shown["heading"] or said[-1]["lines"] != shown["lines"]:  # not kept
            return await _show(request, conversation, unkept=replies)
    response = RedirectResponse("/#latest", 303)
    secure = request.url.scheme == "https"
    response.set_cookie(SESSION, conversation, httponly=True, samesite="lax", secure=secure)
    return response


async def delete(request: Request) -> Response:
    """Delete the conversation of this browser, look that it is gone, and say so."""
    conversation = request.cookies.get(SESSION, "")
    if conversation:
        assistant = request.app.state.messages.assistant
        try:
            await assistant.delete(conversation)
        except ConversationsError:
            logger.exception("A conversation could not be deleted")
            return await _show(request, conversation, settings.WORDING["not_deleted"], status=500)
        assert await assistant.tracker_store.retrieve(conversation) is None
    response = await _show(request, "", deleted=bool(conversation))
    response.delete_cookie(SESSION, httponly=True, samesite="lax")
    return response


async def leave(request: Request) -> Response:
    """Leave the page quickly: to a page that tells nothing, with the conversation deleted behind it."""
    conversation = request.cookies.get(SESSION, "")
    try:
        await request.app.state.messages.assistant.delete(conversation)
    except ConversationsError:
        logger.exception("A conversation could not be deleted when its page was left")
    response = RedirectResponse(ELSEWHERE, 303)
    response.delete_cookie(SESSION, httponly=True, samesite="lax")
    return response


async def forget(request: Request) -> Response:
    """Start again: leave the conversation behind, until it is old enough to be deleted."""
    response = RedirectResponse("/", 303)
    response.delete_cookie(SESSION, httponly=True, samesite="lax")
    return response


async def _show(
    request: Request,
    conversation: str,
    error: str = "",
    draft: str = "",
    status: int = 200,
    unkept: Sequence[dict[str, Any]] = (),
    *,
    deleted: bool = False,
) -> Response:
    off = request.app.state.messages.switch.is_off()
    said, danger = await _kept(request, conversation, must=not (off or unkept))
    if off:
        said = []  # what was answered may be why: only the reply to danger is still shown
    text = "\n".join(message["text"] for message in unkept if "text" in message)
    custom: dict[str, Any] = next((message["custom"] for message in unkept if "custom" in message), {})
    if text:
        said.append(_from_assistant(text, custom))
    context = {
        "said": said,
        "conversation": bool(said or (off and conversation)),
        "danger": None if said and said[-1] == danger else danger,
        "error": error,
        "draft": draft,
        "longest": settings.LONGEST_MESSAGE,
        "off": settings.WORDING["off"].splitlines() if off else [],
        "deleted": deleted,
        "days": settings.keep_days(),
        "contact": settings.privacy_contact(),
    }
    return templates.TemplateResponse(request, "chat.html", context, status_code=status)


async def _kept(
    request: Request, conversation: str, *, must: bool
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """What was said, and the last reply to danger. Where nothing can be read and nothing must be, there is nothing."""
    if not conversation:
        return [], None
    assistant = request.app.state.messages.assistant
    try:
        return await _history(assistant, conversation), await _last_danger(assistant, conversation)
    except ConversationsError:
        if must:
            raise
        logger.exception("A conversation could not be read")
        return [], None


async def _history(assistant: Assistant, conversation: str) -> list[dict[str, Any]]:
    """What was said, oldest first, as the page shows it."""
    tracker = await assistant.tracker_store.retrieve(conversation)
    said: list[dict[str, Any]] = []
    for event in tracker.events if tracker else []:
        if isinstance(event, Restarted):
            said = []
        elif isinstance(event, UserUttered) and event.text:
            said.append({"who": "you", "lines": event.text.splitlines()})
        elif isinstance(event, BotUttered) and (event.text or event.data.get("buttons")):
            custom, buttons = event.data.get("custom"), event.data.get("buttons")
            if event.text == settings.WORDING["masked"] and said:
                said[-1]["lines"].append(event.text)  # belongs to the answer before it
            else:
                said.append(_from_assistant(event.text or "", custom or {}, buttons or []))
    return said


async def _last_danger(assistant: Assistant, conversation: str) -> dict[str, Any] | None:
    """The last reply to danger in a conversation, which stays in sight for the rest of it."""
    event = await assistant.tracker_store.last_emergency(conversation)
    return (
        _from_assistant(event["text"], event["data"]["custom"], event["data"].get("buttons") or []) if event else None
    )


def _from_assistant(text: str, custom: dict[str, Any], buttons: Sequence[dict[str, str]] = ()) -> dict[str, Any]:
    """A message as the page shows it. A reply to danger has its first line for a heading."""
    lines = text.splitlines()
    danger = custom.get("outcome") == "emergency"
    return {
        "who": "assistant",
        "heading": lines[0] if danger else "",
        "lines": lines[1:] if danger else lines,
        "leave": may_have_to_hide(text),
        "card": custom.get("card"),
        "outcome": custom.get("outcome"),
        "sources": custom.get("sources", []),
        "buttons": list(buttons),
    }


async def health(request: Request) -> Response:
    """200 when the model is loaded and there is knowledge to answer from, or when it is switched off; else 503."""
    ready = request.app.state.messages.assistant.is_ready()
    try:
        version = published.current().version
    except KnowledgeBaseError:
        version = None
    status = "ok" if ready and version else "unavailable"
    if request.app.state.messages.switch.is_off():
        status = "off"
    return JSONResponse(
        {"status": status, "model": ready, "knowledge": version}, 503 if status == "unavailable" else 200
    )


async def refuse(request: Request, bad: Exception) -> Response:
    """Say what is wrong with what was sent, in a sentence."""
    assert isinstance(bad, BadMessage)  # registered for nothing else
    return JSONResponse({"error": str(bad)}, bad.status)


async def broken(request: Request, trouble: Exception) -> Response:
    """Something of ours broke: say so with the numbers that always work, and log the trace."""
    logger.error("Could not answer", exc_info=trouble)
    return JSONResponse({"error": settings.WORDING["broken"]}, 500)


class SecureHeaders:
    """ASGI middleware that puts the security headers on every response."""

    def __init__(self, app: Any) -> None:
        """Wrap an ASGI app."""
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Add the headers to the start of each HTTP response."""

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [(k.lower().encode(), v.encode()) for k, v in SECURITY_HEADERS.items()]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Load the model, unless it is loaded, and the knowledge before the first request.

    Without knowledge it starts all the same: danger is answered, and what is published is taken up at the next turn.
    """
    if not hasattr(app.state, "messages"):
        app.state.messages = Messages(load_assistant())
    try:
        published.current()
    except KnowledgeBaseError as trouble:
        logger.error("Nothing but danger can be answered: %s", trouble)  # noqa: TRY400  # the sentence says it all
    await app.state.messages.assistant.parse_message("warm up")  # names are compiled before anybody waits for them
    danger_reply("warm up", "nobody")
    without_personal_data("my name is Warm Up")
    last_look([])
    gc.collect()
    gc.freeze()  # what is loaded stays: the garbage collector need not look through it while somebody waits
    forgetting = asyncio.create_task(forget_old(app.state.messages.assistant.tracker_store))
    yield
    forgetting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await forgetting


async def forget_old(store: ConversationStore) -> None:
    """Delete old conversations now and every hour; what fails is logged, and tried again in an hour."""
    while True:
        try:
            count = await store.delete_older(settings.keep_days())
            logger.info("%d old conversations deleted", count)
        except Exception as trouble:  # noqa: BLE001  # it must go on, whatever happens
            logger.warning("Old conversations could not be deleted, which is tried again in an hour: %s", trouble)
        await asyncio.sleep(HOUR)


def load_assistant() -> Assistant:
    """The assistant with the newest model and the conversations that the settings name."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    return Assistant.start(settings.models_folder(), settings.conversations())


def create_app(assistant: Assistant | None = None) -> Starlette:
    """The ASGI app; without an assistant (uvicorn's `--factory`) it loads one when it starts."""
    app = Starlette(
        routes=[
            Route("/", page, methods=["GET"]),
            Route("/", say, methods=["POST"]),
            Route("/forget", forget, methods=["POST"]),
            Route("/delete", delete, methods=["POST"]),
            Route("/leave", leave, methods=["POST"]),
            Route("/webhooks/rest/webhook", webhook, methods=["POST"]),
            Route("/webhooks/rest/delete", delete_over_rest, methods=["POST"]),
            Route("/health", health),
            Mount("/static", StaticFiles(directory=PAGES / "static")),
        ],
        exception_handlers={BadMessage: refuse, Exception: broken},
        lifespan=lifespan,
    )
    app.add_middleware(SecureHeaders)
    if assistant is not None:
        app.state.messages = Messages(assistant)
    return app


def main() -> None:
    """Serve the app (the `help-assistant` command and `make chat`)."""
    import uvicorn

    try:
        settings.keep_days()
        settings.conversations()
    except ValueError as wrong:
        sys.exit(str(wrong))
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        assistant = load_assistant()
    except ConversationsError as trouble:
        sys.exit(str(trouble))
    except Exception as trouble:  # noqa: BLE001  # whatever a damaged model makes of it
        sys.exit(f"The assistant cannot be loaded: {trouble} Delete {settings.models_folder()} and run: make chat")
    sys.stdout.write(f"The assistant is at http://localhost:{settings.port()} Stop it with Ctrl+C.\n")
    sys.stdout.flush()
    uvicorn.run(
        create_app(assistant),
        host=settings.host(),
        port=settings.port(),
        ws="none",
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main()
