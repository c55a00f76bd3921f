"""One app for all tests of the pages, the system's Chromium, pages that are watched, and axe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import pytest

from knowledge.settings import HOME
from tests.running import App, chromium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

HEIGHT = 800
PATIENCE = 10_000  # ms; the machine may be busy

AXE = HOME / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SAY_VIOLATIONS = """addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
  console.error(`Content Security Policy: ${effectiveDirective} forbids ${blockedURI}`));"""


@pytest.fixture(scope="session")
def site(start_app: Callable[..., App], published_in: Callable[[str], Path]) -> App:
    """The app whose pages are tested."""
    return start_app(published_in("site"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. It does not outlast a file: for as long as it is there, no other test could use asyncio."""
    with chromium() as started:
        yield started


@dataclass
class Seen:
    """What the pages of a test asked for and complained of. A test that means to leave the site adds to `origins`."""

    origins: set[str]
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.add_init_script(SAY_VIOLATIONS)
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("console", self._hear)
        context.on("weberror", lambda trouble: self.errors.append(str(trouble.error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.violations.append(message.text)
        elif message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.errors.append(message.text)

    @property
    def left(self) -> list[str]:
        """The requests to anywhere else."""
        parts = ((url, urlsplit(url)) for url in self.requests)
        return [url for url, at in parts if at.netloc and f"{at.scheme}://{at.netloc}" not in self.origins]

    def check(self) -> None:
        assert not self.left, f"requests left the site: {self.left}"
        assert not self.violations, "\n".join(self.violations)
        assert not self.errors, "\n".join(self.errors)


@pytest.fixture
def seen(site: App) -> Seen:
    """What the pages of this test do; it is looked at when the test is over."""
    return Seen({site.address})


class OpenPage(Protocol):
    """Opens a page in a new browser session: nothing is shared with other pages."""

    def __call__(
        self, *, width: int = 1280, dark: bool = False, forced: bool = False, javascript: bool = True
    ) -> Page: ...


@pytest.fixture
def open_page(browser: Browser, site: App, seen: Seen) -> Iterator[OpenPage]:
    contexts = []

    def open_one(*, width: int = 1280, dark: bool = False, forced: bool = False, javascript: bool = True) -> Page:
        context = browser.new_context(
            base_url=site.address,
            viewport={"width": width, "height": HEIGHT},
            color_scheme="dark" if dark else "light",
            forced_colors="active" if forced else "none",
            java_script_enabled=javascript,
            reduced_motion="reduce",
            locale="en-GB",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        seen.watch(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()
    seen.check()


class Axe(Protocol):
    """Asks axe-core what is wrong with a page and the pages in its frames: a few lines on each thing."""

    def __call__(self, page: Page) -> list[str]: ...


@pytest.fixture(scope="session")
def axe() -> Axe:
    if not AXE.exists():
        pytest.fail(f"{AXE} is missing. Run: make pages")
    source = AXE.read_text(encoding="utf-8")
    # Each frame is asked by itself: axe does not talk to those of another origin.
    options = {"runOnly": RULES, "resultTypes": ["violations"], "iframes": False}

    def ask(page: Page) -> list[str]:
        found = []
        for frame in page.frames:
            if not frame.evaluate("typeof axe === 'object'"):
                frame.evaluate(source)
            result = frame.evaluate("options => axe.run(document, options)", options)
            found += [said(violation) for violation in result["violations"]]
        return found

    return ask


def said(violation: dict[str, Any]) -> str:
    """A violation in words: the rule, then each element with what to mend."""
    lines = [f"{violation['id']} ({violation['impact']}): {violation['help']}"]
    for node in violation["nodes"]:
        summary = " / ".join(line.strip() for line in node["failureSummary"].splitlines()[1:])
        lines.append(f"    {' '.join(map(str, node['target']))}: {summary}")
    return "\n".join(lines)
