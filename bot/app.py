"""The web app: Rasa's REST channel, the resident's page and the health check, in one ASGI process."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import sys
from typing import TYPE_CHECKING, Any

import structlog
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from bot import settings
from bot.assistant import Assistant
from bot.danger_reply import danger_reply
from bot.events import ConversationsError
from bot.last_look import last_look
from bot.messages import BadMessage, Messages, check_sender, check_text, without_personal_data
from bot.pages import browse, chat, embedding, explained
from bot.pages.site import Assets, SecureHeaders, security_headers
from knowledge import published
from knowledge.search import KnowledgeBaseError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from bot.conversations import ConversationStore

logger = logging.getLogger(__name__)

FOR_PROGRAMS = ("/webhooks/", "/health")
HOUR = 60 * 60  # seconds


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
    return _said(request, str(bad), bad.status)


async def broken(request: Request, trouble: Exception) -> Response:
    """Something of ours broke: say so with the numbers that always work, and log the trace."""
    logger.error("Could not answer", exc_info=trouble)
    response = _said(request, settings.WORDING["broken"], 500)
    response.headers.update(security_headers(request.url.path))  # this one goes round the middleware
    return response


def _said(request: Request, sentence: str, status: int) -> Response:
    """A sentence: as JSON to a program, on a page to a person."""
    if request.url.path.startswith(FOR_PROGRAMS):
        return JSONResponse({"error": sentence}, status)
    return browse.notice(request, "Sorry, that did not work", sentence, status)


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
            *chat.ROUTES,
            *browse.ROUTES,
            *explained.ROUTES,
            *embedding.ROUTES,
            Route("/webhooks/rest/webhook", webhook, methods=["POST"]),
            Route("/webhooks/rest/delete", delete_over_rest, methods=["POST"]),
            Route("/health", health),
            Mount("/static", Assets()),
        ],
        exception_handlers={BadMessage: refuse, 404: browse.no_such_page, Exception: broken},
        lifespan=lifespan,
    )
    app.add_middleware(GZipMiddleware, minimum_size=1000)
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
        settings.embed_origins()
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
