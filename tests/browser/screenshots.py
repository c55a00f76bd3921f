"""Pictures of every state of the pages (`make screenshots`): python -m tests.browser.screenshots FOLDER [STATE...]."""

from __future__ import annotations

import shutil
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from knowledge.settings import knowledge_path
from tests.browser.conftest import PATIENCE
from tests.browser.states import STATES
from tests.running import App, chromium

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.sync_api import Browser, Page

WINDOWS = {"desktop": (1280, 800), "phone": (390, 844)}
TALLEST = 3000  # pixels; of a longer page its top is shown
COLOURS = 128  # makes a picture a third of the size, and nobody sees it
DARK = ("start", "answer", "list-with-map", "emergency", "directory-record", "ics")


def picture(page: Page, window: str, path: Path) -> None:
    """The whole page in a window that is as tall as it is, so that what stays at its foot is at its foot."""
    width, height = WINDOWS[window]
    page.set_viewport_size({"width": width, "height": height})
    whole = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
    page.set_viewport_size({"width": width, "height": max(height, whole)})
    shot = Image.open(BytesIO(page.screenshot(animations="disabled", caret="hide")))
    shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def take(browser: Browser, app: App, name: str, folder: Path) -> None:
    """The pictures of one state."""
    with browser.new_context(base_url=app.address, reduced_motion="reduce", locale="en-GB") as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        STATES[name](page, app)
        for window in WINDOWS:
            picture(page, window, folder / f"{name}-{window}.png")
        if name in DARK:
            page.emulate_media(color_scheme="dark")
            picture(page, "phone", folder / f"{name}-phone-dark.png")


def main(folder: Path, names: Iterable[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        shutil.copy(knowledge_path(), Path(home) / "knowledge.db")
        app = App(Path(home))
        app.start()
        try:
            with chromium() as browser:
                for name in names:
                    sys.stdout.write(f"  {name}\n")
                    take(browser, app, name, folder)
        finally:
            app.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or STATES)
