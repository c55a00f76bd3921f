"""Every state of the pages, on a desktop and a phone, in the dark and in forced colours: nobody is shut out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.browser.states import STATES
from tests.running import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

    from tests.browser.conftest import Axe, OpenPage, Seen
    from tests.running import App

pytestmark = pytest.mark.browser

PLAIN = "<!DOCTYPE html><html lang='en'><title>A page</title><main><h1>A page</h1><p>Well.</p>{}</main></html>"

# What stays in sight covers something else at every scrolling: axe takes that for something that cannot be reached.
UNSTICK = """() => {
  for (const element of document.querySelectorAll("body *")) {
    if (getComputedStyle(element).position === "sticky") element.style.position = "static";
  }
}"""

# Room between letters, words and lines, as people set it who read with difficulty (WCAG 1.4.12).
SPACING = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important; }
    * { word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }`);
  document.adoptedStyleSheets.push(sheet);
}"""

# Buttons and links that can be seen and are smaller than a finger. A link in a sentence may be as small as its words.
SMALL_TARGETS = """() => {
  const LEAST = 44 - 0.5; // CSS pixels; browsers round
  const inSentence = (link) => {
    if (getComputedStyle(link).display !== "inline") return false;
    const around = link.parentElement.closest("p, li, dd, div, section, main").cloneNode(true);
    for (const other of around.querySelectorAll("a")) other.remove();
    return /\\p{L}/u.test(around.textContent);
  };
  return [...document.querySelectorAll("main :is(button, summary, a[href], [role=button])")]
    .filter((target) => target.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .filter((target) => !target.matches("a") || !inSentence(target))
    .map((target) => [target, target.getBoundingClientRect()])
    .filter(([, { width, height }]) => width < LEAST || height < LEAST)
    .map(([target, { width, height }]) => {
      const words = target.innerText.trim().replace(/\\s+/g, " ");
      const size = `${width.toFixed()} by ${height.toFixed()} pixels`;
      return `small target, ${size}: ${target.localName}.${target.className} "${words}"`;
    });
}"""

# What reaches over the right edge, a few of the innermost, where the page can be scrolled sideways.
TOO_WIDE = """() => {
  const wide = document.documentElement.scrollWidth;
  if (wide <= innerWidth) return [];
  const end = (element) => {
    const { left, right } = element.getBoundingClientRect();
    return Math.max(right, left + element.scrollWidth);
  };
  const over = [...document.querySelectorAll("body *:not(svg *, .nhsuk-u-visually-hidden)")]
    .filter((element) => end(element) > innerWidth + 0.5);
  const inner = over.filter((element) => !over.some((other) => other !== element && element.contains(other)));
  const longestWord = (element) => Math.max(...element.textContent.split(/\\s+/).map((word) => word.length));
  const said = (element) => {
    const words = element.textContent.trim().replace(/\\s+/g, " ").slice(0, 60);
    return `${element.localName}.${element.getAttribute("class") ?? ""} "${words}"`;
  };
  const shown = inner.sort((a, b) => longestWord(b) - longestWord(a)).slice(0, 5);
  return [`wider than the window, ${wide} pixels: ${shown.map(said).join(", ")}`];
}"""


@dataclass(frozen=True)
class Look:
    """A way in which a page is looked at."""

    name: str
    width: int
    dark: bool = False
    forced: bool = False

    def take(self, page: Page) -> None:
        page.emulate_media(
            color_scheme="dark" if self.dark else "light", forced_colors="active" if self.forced else "none"
        )
        page.set_viewport_size({"width": self.width, "height": 800 if self.width > 600 else 640})
        for frame in page.frames:
            frame.evaluate(UNSTICK)


DESKTOP = Look("desktop", 1280)
PHONE = Look("phone", 320)  # as a desktop at 400% is, too
LOOKS = [DESKTOP, PHONE, Look("phone in the dark", 320, dark=True), Look("forced colours", 1280, forced=True)]
HOSTS = ("/embed-example",)  # pages that stand for another site's: what room they have is not ours to say


def our_frames(page: Page) -> list[Frame]:
    return [frame for frame in page.frames if not frame.url.endswith(HOSTS)]


def problems(page: Page, axe: Axe) -> list[str]:
    """What shuts somebody out, each thing once with the looks of the page in which it does."""
    found: dict[str, dict[str, None]] = {}
    for look in LOOKS:
        look.take(page)
        complaints = axe(page)
        for frame in our_frames(page) if look in (DESKTOP, PHONE) else ():
            complaints += [*frame.evaluate(TOO_WIDE), *frame.evaluate(SMALL_TARGETS)]
        for complaint in complaints:
            found.setdefault(complaint, {})[look.name] = None
    PHONE.take(page)
    for frame in our_frames(page):
        frame.evaluate(SPACING)
        for complaint in frame.evaluate(TOO_WIDE):
            found.setdefault(complaint, {})["phone with room between letters"] = None
    return [f"{', '.join(looks)}: {complaint}" for complaint, looks in found.items()]


@pytest.mark.parametrize("name", STATES)
def test_every_state_is_for_everybody(name: str, site: App, open_page: OpenPage, axe: Axe) -> None:
    page = open_page()
    STATES[name](page, site)
    found = problems(page, axe)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "fault, named",
    [
        (
            "<p style='color: #999; background: #fff'>Pale</p>",
            "phone in the dark, forced colours: color-contrast",
        ),
        ("<img src='data:,'>", "image-alt"),
        ("<button style='height: 30px'>Low</button>", 'by 30 pixels: button. "Low"'),
        ("<p><a href='/'>To the start</a></p>", "desktop, phone: small target"),
        ("<p><a href='/'>Town</a> (12)</p>", 'a. "Town"'),
        ("<div style='width: 400px'>Wide</div>", "phone, phone with room between letters: wider"),
        ("<p style='font: 16px monospace'>supercalifragilisticexpialid</p>", "phone with room between letters: wider"),
    ],
)
def test_the_checks_find_what_they_are_for(open_page: OpenPage, axe: Axe, fault: str, named: str) -> None:
    page = open_page()
    page.set_content(PLAIN.format(""))
    assert problems(page, axe) == []
    page.set_content(PLAIN.format(fault))
    assert named in "\n".join(problems(page, axe))


def test_what_a_page_does_wrong_is_seen(site: App, open_page: OpenPage, seen: Seen) -> None:
    page = open_page()
    page.goto("/")
    assert (seen.left, seen.violations, seen.errors) == ([], [], [])
    page.evaluate("fetch('http://elsewhere.example').catch(() => console.error('one'))")
    assert any("connect-src" in violation for violation in seen.violations)
    page = open_page()
    page.set_content("<img src='http://elsewhere.example/picture.png' alt=''><script>two()</script>")
    assert seen.left == ["http://elsewhere.example/picture.png"]
    assert [error.split(":")[-1].strip() for error in seen.errors] == ["one", "two is not defined"]
    for wrong in (seen.requests, seen.violations, seen.errors):
        with pytest.raises(AssertionError):
            seen.check()
        wrong.clear()


def test_without_chromium_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with pytest.raises(pytest.fail.Exception, match="Chromium is missing"), chromium():
        pass
