"""The chat as a page: ordinary forms and pages shown again, so that it works without JavaScript."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from bot import settings
from bot.events import ConversationsError
from bot.messages import BadMessage, Messages, check_sender, check_text, without_personal_data
from bot.pages import feedback
from bot.pages.messages import Shown, conversation, from_assistant
from bot.pages.site import ELSEWHERE, show
from knowledge import published
from knowledge.search import KnowledgeBaseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.datastructures import FormData
    from starlette.requests import Request

    from bot.assistant import Assistant
    from knowledge.search import KnowledgeBase

logger = logging.getLogger(__name__)

EMBEDDED = "/embedded"  # where the chat is for other sites' pages
SESSION = "conversation"  # the one cookie: which conversation this browser is in
MOST_FIELDS = 8


@dataclass(frozen=True)
class Visit:
    """One request: which conversation it belongs to, and whether the chat is shown in another site's page.

    There the browser keeps no cookie of ours, so that every form carries the conversation.
    """

    request: Request
    conversation: str
    embedded: bool = False
    form: FormData | None = None

    @classmethod
    async def of(cls, request: Request) -> Visit:
        """Read the form, if there is one; raises `BadMessage` for a conversation that cannot be one."""
        form = None
        if request.method == "POST":
            form = await request.form(max_fields=MOST_FIELDS, max_part_size=settings.LONGEST_BODY)
        embedded = request.url.path.startswith(EMBEDDED)
        visit = cls(request, "", embedded, form)
        carried = visit.field("conversation") if embedded else request.cookies.get(SESSION, "")
        return visit.with_conversation(check_sender(carried)) if carried else visit

    def field(self, name: str) -> str:
        """A field of the form, or ""."""
        return str(self.form.get(name) or "") if self.form else ""

    @property
    def messages(self) -> Messages:
        """The way to the assistant."""
        messages: Messages = self.request.app.state.messages
        return messages

    @property
    def assistant(self) -> Assistant:
        """The assistant, and its store of conversations."""
        return self.messages.assistant

    def with_conversation(self, conversation: str) -> Visit:
        """The same visit, in this conversation."""
        return Visit(self.request, conversation, self.embedded, self.form)

    async def back(self, to: str = "/") -> Response:
        """Back to the page, by a redirect where a cookie says which conversation it is."""
        if self.embedded:
            return await page_of(self)
        response = RedirectResponse(to, 303)
        secure = self.request.url.scheme == "https"
        response.set_cookie(SESSION, self.conversation, httponly=True, samesite="lax", secure=secure)
        return response


def published_base() -> KnowledgeBase | None:
    """The knowledge base, or None where there is none: the page still shows what was said."""
    try:
        return published.current()
    except KnowledgeBaseError:
        return None


async def page(request: Request) -> Response:
    """The conversation as a page; a form sends the next message."""
    return await page_of(await Visit.of(request))


async def say(request: Request) -> Response:
    """A message from the page's form: answer it, then show the page again at the newest message."""
    visit = await Visit.of(request)
    if visit.embedded and "message" not in (visit.form or {}):  # the host's page was loaded anew
        return await page_of(visit)
    visit = visit.with_conversation(visit.conversation or secrets.token_urlsafe(24))
    try:
        text = check_text(visit.field("message"))
        if await _sent_before(visit, text):
            return await visit.back("/#latest")
        replies = await visit.messages.answer(visit.conversation, text)
    except BadMessage as bad:
        return await page_of(visit, error=str(bad), draft=visit.field("message"), status=bad.status)
    if any(message.get("custom", {}).get("outcome") == "emergency" for message in replies):
        said, _ = await _kept(visit, must=False)
        shown = from_assistant(replies[0]["text"], {"outcome": "emergency"})
        if not said or (said[-1].heading, said[-1].parts) != (shown.heading, shown.parts):  # not kept
            return await page_of(visit, unkept=replies)
    return await visit.back("/#latest")


async def _sent_before(visit: Visit, text: str) -> bool:
    """Whether this is a message sent twice: the page it comes from did not know of it, and it is there by now."""
    known = visit.field("known")
    if not known.isdecimal():
        return False
    said, _ = await _kept(visit, must=False)
    return any(m.who == "you" and m.number == int(known) + 1 and m.text == without_personal_data(text) for m in said)


async def delete(request: Request) -> Response:
    """Delete the conversation of this browser, look that it is gone, and say so."""
    visit = await Visit.of(request)
    if visit.conversation:
        try:
            await visit.assistant.delete(visit.conversation)
        except ConversationsError:
            logger.exception("A conversation could not be deleted")
            return await page_of(visit, error=settings.WORDING["not_deleted"], status=500)
        assert await visit.assistant.tracker_store.retrieve(visit.conversation) is None
    response = await page_of(visit.with_conversation(""), deleted=bool(visit.conversation))
    response.delete_cookie(SESSION, httponly=True, samesite="lax")
    return response


async def leave(request: Request) -> Response:
    """Leave the page quickly: to a page that tells nothing, with the conversation deleted behind it."""
    visit = await Visit.of(request)
    try:
        await visit.assistant.delete(visit.conversation)
    except ConversationsError:
        logger.exception("A conversation could not be deleted when its page was left")
    response = RedirectResponse(ELSEWHERE, 303)
    response.delete_cookie(SESSION, httponly=True, samesite="lax")
    return response


async def forget(request: Request) -> Response:
    """Start again: leave the conversation behind, until it is old enough to be deleted."""
    visit = await Visit.of(request)
    if visit.embedded:
        return await page_of(visit.with_conversation(""))
    response = RedirectResponse("/", 303)
    response.delete_cookie(SESSION, httponly=True, samesite="lax")
    return response


async def rate(request: Request) -> Response:
    """What a resident says of an answer. A no is asked why; the why may hold a sign of danger, which is answered."""
    visit = await Visit.of(request)
    said, danger = await _kept(visit, must=True)
    number = visit.field("answer")
    rated = next((message for message in said if str(message.number) == number and message.rated), None)
    if rated is None or danger:
        return await visit.back("/#latest")
    helped, why = visit.field("helped"), visit.field("why")
    if helped == "no" and not why:
        return await page_of(visit, asked_why=rated.number)
    words = visit.field("words")[: feedback.LONGEST_WORDS]
    if words.strip():
        replies = await visit.messages.answer_danger(visit.conversation, words)
        if replies:
            return await page_of(visit, unkept=replies)
    feedback.keep(feedback.Opinion(helped == "yes", why, words, rated.outcome, rated.records))
    return await page_of(visit, thanked=rated.number)


async def answer(request: Request) -> Response:
    """One answer on a page of its own, to print; or as plain text, to save."""
    visit = await Visit.of(request)
    said, _ = await _kept(visit, must=True)
    number = request.path_params["number"]
    found = next((message for message in said if message.number == number and message.who == "assistant"), None)
    if found is None:
        return await page_of(visit, error=settings.WORDING["answer_gone"], status=404)
    if request.url.path.endswith(".txt"):
        saved = {"content-disposition": 'attachment; filename="answer.txt"'}
        return PlainTextResponse(found.text + "\n", headers=saved)
    return show(request, "answer.html", message=found)


async def page_of(
    visit: Visit,
    *,
    error: str = "",
    draft: str = "",
    status: int = 200,
    unkept: Sequence[dict[str, Any]] = (),
    deleted: bool = False,
    asked_why: int = 0,
    thanked: int = 0,
) -> Response:
    """The page of a conversation, with what just happened to it."""
    off = visit.messages.switch.is_off()
    said, danger = await _kept(visit, must=not (off or unkept))
    if off:
        said = []  # what was answered may be why: only the reply to danger is still shown
    text = "\n".join(message["text"] for message in unkept if "text" in message)
    custom: dict[str, Any] = next((message["custom"] for message in unkept if "custom" in message), {})
    if text:
        said.append(from_assistant(text, custom, number=len(said) + 1))
        danger = danger or (said[-1] if said[-1].danger else None)
    return show(
        visit.request,
        "chat.html",
        status,
        said=said,
        conversation=visit.conversation if visit.embedded else "",
        can_be_deleted=bool(said or (off and visit.conversation)),
        danger=danger,
        pinned=None if danger is None or (said and said[-1].text == danger.text) else danger,
        error=error,
        draft=draft,
        longest=settings.LONGEST_MESSAGE,
        off=settings.WORDING["off"].splitlines() if off else [],
        deleted=deleted,
        asked_why=asked_why,
        thanked=thanked,
        reasons=feedback.REASONS,
        longest_words=feedback.LONGEST_WORDS,
        days=settings.keep_days(),
        contact=settings.privacy_contact(),
        embedded=visit.embedded,
        at=EMBEDDED if visit.embedded else "",
    )


async def _kept(visit: Visit, *, must: bool) -> tuple[list[Shown], Shown | None]:
    """What was said, and the last reply to danger. Where nothing can be read and nothing must be, there is nothing."""
    if not visit.conversation:
        return [], None
    try:
        tracker = await visit.assistant.tracker_store.retrieve(visit.conversation)
        event = await visit.assistant.tracker_store.last_emergency(visit.conversation)
    except ConversationsError:
        if must:
            raise
        logger.exception("A conversation could not be read")
        return [], None
    danger = from_assistant(event["text"], event["data"]["custom"]) if event else None
    return conversation(tracker, published_base()), danger


ROUTES = [
    Route("/answer/{number:int}", answer),
    Route("/answer/{number:int}.txt", answer),
    *(
        Route(path, endpoint, methods=[method])
        for at in ("", EMBEDDED)
        for path, endpoint, method in (
            (at or "/", page, "GET"),
            (at or "/", say, "POST"),
            (f"{at}/forget", forget, "POST"),
            (f"{at}/delete", delete, "POST"),
            (f"{at}/leave", leave, "POST"),
            (f"{at}/rate", rate, "POST"),
        )
    ),
]
