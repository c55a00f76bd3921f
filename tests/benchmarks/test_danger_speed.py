"""What a look for danger costs. Figures, and no judgement: these machines are noisy."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from bot.assistant import Assistant
from bot.nlu.danger_detector import DangerWatch, shared_watch
from bot.settings import models_folder
from knowledge.vectors import shared_encoder

if TYPE_CHECKING:
    from collections.abc import Callable

SETS = Path(__file__).resolve().parents[1] / "safety"


def milliseconds(look: Callable[[str], object], messages: list[str]) -> str:
    """The median and the 95th percentile of one look at each message."""
    times = []
    for message in messages:
        start = time.perf_counter()
        look(message)
        times.append((time.perf_counter() - start) * 1000)
    return f"{median(times):.2f} ms, p95 {quantiles(times, n=20)[-1]:.2f}"


def test_what_a_look_for_danger_costs(tmp_path: Path, figure: Callable[[str], None]) -> None:
    Assistant.start(models_folder(), tmp_path / "conversations.db")
    watch = shared_watch()
    names = ("danger-sealed.tsv", "lookalike-sealed.txt")
    messages = [
        line.split("\t")[0] for name in names for line in (SETS / name).read_text(encoding="utf-8").splitlines()
    ]
    for message in messages[:50]:
        watch.look(message)
    vector = milliseconds(shared_encoder().encode_one, messages[50:])
    figure(f"danger: the table {milliseconds(DangerWatch(watch.table).look, messages)}")
    figure(f"danger: the table and the opinion {milliseconds(watch.look, messages)}, the sentence vector known")
    figure(f"the sentence vector, which the classifier and the search need too: {vector}")
