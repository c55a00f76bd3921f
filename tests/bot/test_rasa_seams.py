"""What is built on Rasa's insides still fits them: the seams are where they were, and the replies are stock Rasa's.

Some of what `bot` overrides is private to Rasa 3.6. An upgrade that moves any of it must fail here, not in a
conversation.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from typing import TYPE_CHECKING, Any

import pytest
import rasa_sdk.executor
from rasa.core.actions.action import Action, RemoteAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import InMemoryTrackerStore, SerializedTrackerAsText, TrackerStore
from rasa.engine.graph import GraphComponent
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.runner.interface import GraphRunner
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.core.domain import Domain

from bot import assistant as assistant_module
from bot import settings
from bot.assistant import Assistant, InProcessAction, OrderedRunner, Processor
from bot.conversations import ConversationStore
from bot.events import ConversationsError
from bot.nlu.component import MessageComponent
from bot.nlu.danger_detector import DangerDetector
from bot.nlu.english import EnglishTokenizer
from bot.nlu.first_question import FirstQuestion
from bot.nlu.gazetteer import Gazetteer
from bot.nlu.intent_classifier import WeighedIntentClassifier
from bot.nlu.language_detector import LanguageDetector
from bot.nlu.sentence_vector import SentenceVectorFeaturizer
from bot.nlu.spelling import SpellingCorrector
from bot.settings import WORDING
from tests.bot.places import connection

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# What we put in the place of Rasa's: our class, Rasa's, and the methods that Rasa calls by these very names.
OVERRIDDEN: list[tuple[type, type, list[str]]] = [
    (
        Processor,
        MessageProcessor,
        [
            "_load_model",
            "_get_action",
            "predict_next_with_tracker_if_should",
            "_handle_message_with_tracker",
            "_run_prediction_loop",
            "_run_action",
            "_check_for_unseen_features",
        ],
    ),
    (Assistant, Agent, ["_create_tracker_store", "load_model"]),
    (InProcessAction, Action, ["name", "run"]),
    (OrderedRunner, GraphRunner, ["run"]),
    (ConversationStore, TrackerStore, ["retrieve", "save", "keys", "create_tracker"]),
    (WeighedIntentClassifier, LogisticRegressionClassifier, ["__init__", "get_default_config", "_create_X", "process"]),
    (EnglishTokenizer, Tokenizer, ["create", "get_default_config", "tokenize"]),
    (MessageComponent, GraphComponent, ["create"]),
    (DangerDetector, GraphComponent, ["create", "load", "get_default_config"]),
    (LanguageDetector, MessageComponent, ["look_at"]),
    (FirstQuestion, MessageComponent, ["look_at"]),
    (SpellingCorrector, MessageComponent, ["look_at"]),
    (Gazetteer, MessageComponent, ["look_at"]),
    (SentenceVectorFeaturizer, DenseFeaturizer, ["validate_config"]),
    (SentenceVectorFeaturizer, GraphComponent, ["create"]),
]
# What we call of Rasa's insides, with the parameters that we give it.
CALLED: list[tuple[Callable[..., Any], list[str]]] = [
    (MessageProcessor._log_action_on_tracker, ["self", "tracker", "action", "events", "prediction"]),
    (MessageProcessor.execute_side_effects, ["self", "events", "tracker", "output_channel"]),
    (MessageProcessor.should_predict_another_action, ["action_name"]),
    (MessageProcessor.parse_message, ["self", "message", "tracker", "only_output_properties"]),
    (MessageProcessor.handle_message, ["self", "message"]),
    (RemoteAction._utter_responses, ["responses", "output_channel", "nlg", "tracker"]),
    (Agent._set_fingerprint, ["self", "fingerprint"]),
    (Agent.handle_message, ["self", "message"]),
    (TrackerStore.init_tracker, ["self", "sender_id"]),
    (EntityExtractorMixin.add_extractor_name, ["self", "entities"]),
    (Tokenizer._apply_token_pattern, ["self", "tokens"]),
    (DaskGraphRunner.create, ["graph_schema", "model_storage", "execution_context", "hooks"]),
]


def parameters(method: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(method).parameters)


@pytest.mark.parametrize(
    "ours, theirs, name",
    [(ours, theirs, name) for ours, theirs, names in OVERRIDDEN for name in names],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_what_is_overridden_is_where_it_was(ours: type, theirs: type, name: str) -> None:
    assert issubclass(ours, theirs)
    assert name in vars(ours), f"{ours.__name__} no longer overrides it: take it off the list"
    stock = getattr(theirs, name)
    own = getattr(ours, name)
    assert parameters(own) == parameters(stock)
    assert inspect.iscoroutinefunction(own) == inspect.iscoroutinefunction(stock)


@pytest.mark.parametrize("ours, theirs", [(ours, theirs) for ours, theirs, _ in OVERRIDDEN])
def test_nothing_else_is_overridden_unseen(ours: type, theirs: type) -> None:
    """A method of ours that happens to have the name of one of Rasa's would be called by Rasa."""
    listed = {name for own, base, names in OVERRIDDEN for name in names if own is ours}
    allowed = listed | {"__init__", "__module__", "__doc__", "__dict__", "__weakref__", "__parameters__"}
    shared = {name for name in vars(ours) if hasattr(theirs, name) and name not in allowed}
    usual = {"create", "process", "process_training_data"}
    assert {name for name in shared if callable(getattr(theirs, name))} <= usual


@pytest.mark.parametrize("method, given", CALLED, ids=[method.__qualname__ for method, _ in CALLED])
def test_what_is_called_takes_what_is_given(method: Callable[..., Any], given: list[str]) -> None:
    assert parameters(method) == given


def test_the_runner_has_what_is_taken_over(assistant: Assistant) -> None:
    source = inspect.getsource(DaskGraphRunner)
    assert "self._graph_schema" in source and "self._instantiated_nodes" in source
    assert assistant.processor is not None
    runner = assistant.processor.graph_runner
    assert isinstance(runner, OrderedRunner)
    assert all(callable(node) for node in runner._nodes.values())


def test_the_agent_and_its_processor_are_ours_through_and_through(assistant: Assistant) -> None:
    assert type(assistant.processor) is Processor
    assert type(assistant.tracker_store) is ConversationStore, "not wrapped in one that swallows errors"
    assert assistant.processor.tracker_store is assistant.tracker_store
    assert issubclass(ConversationStore, SerializedTrackerAsText)
    assert assistant.is_ready()


def test_a_custom_action_is_always_run_here(assistant: Assistant) -> None:
    """Also where Rasa goes round `_get_action`: nothing may ask for an action server."""
    assert isinstance(assistant.processor, Processor)
    for name in assistant_module.custom_actions():
        assert isinstance(assistant.processor._get_action(name), InProcessAction)
    source = inspect.getsource(MessageProcessor)
    assert source.count("action_for_index(") == 1, "Rasa makes actions in one more place"
    assert "action_for_index(" in inspect.getsource(MessageProcessor.predict_next_with_tracker_if_should)


# -- the same as stock Rasa

# Short conversations through every rule, follow-ups, danger and refusals.
CONVERSATIONS = [
    ["hello", "thank you", "bye"],
    ["what can you do", "are you a robot"],
    ["pharmacy", "Ledbury", "the second one", "what's their number", "more"],
    ["GP surgeries in Malvern", "show more", "what about Hereford"],
    ["what is the integrated care board", "when did it start"],
    ["how do I complain about a hospital", "is it free"],
    ["I need a dentist in Evesham", "start again", "dentist"],
    ["pharmacy", "my neighbour has collapsed and isn't breathing", "Redditch"],
    ["is this mole cancer", "book me an appointment", "what are my test results"],
    ["who won the cup final", "GP surgery in Gloucester"],
    ["yes", "no", "the third one"],
    ["blorp fleegle", "frobnicate quux"],
    ["can I talk to a person", "Pershore", "optician"],
    ["minor injuries in Leominster", "when is it open", "and the address"],
    ["there's a smell of gas in the kitchen", "I'm six months pregnant and bleeding a little"],
    ["how much does a prescription cost", "who can have it free", "do I need a referral"],
]


class ActionServer:
    """What `rasa run actions` does with a request, without the socket: JSON in, the SDK's executor, JSON out."""

    def __init__(self) -> None:
        self.url = "http://in-this-process"
        self.kwargs: dict[str, Any] = {}
        self._executor = rasa_sdk.executor.ActionExecutor()
        self._executor.register_package("actions")

    async def request(self, json: Any, **_: Any) -> Any:
        call = _over_the_wire(json)
        return _over_the_wire(await self._executor.run(call))


def _over_the_wire(value: Any) -> Any:
    return json.loads(json.dumps(value))


@pytest.fixture(scope="module")
def stock() -> MessageProcessor:
    """Rasa's own processor with the same model, its own store and an action server."""
    domain = Domain.load(str(settings.DOMAIN))
    processor = MessageProcessor(
        settings.models_folder(),
        InMemoryTrackerStore(domain),
        InMemoryLockStore(),
        TemplatedNaturalLanguageGenerator({}),
        action_endpoint=ActionServer(),
    )
    processor.tracker_store.domain = processor.domain
    processor.nlg.responses = processor.domain.responses
    return processor


async def stock_answer(stock: MessageProcessor, sender: str, text: str) -> list[dict[str, Any]]:
    channel = CollectingOutputChannel()
    await stock.handle_message(UserMessage(text, channel, sender, input_channel="rest"))
    messages: list[dict[str, Any]] = channel.messages
    return messages


def comparable(event: dict[str, Any]) -> dict[str, Any]:
    """An event without what differs from one run to the next: times, message ids, and the last digits of a number."""
    kept = {key: value for key, value in event.items() if key not in ("timestamp", "message_id", "metadata")}
    rounded: dict[str, Any] = json.loads(json.dumps(kept), parse_float=lambda number: round(float(number), 6))
    if "parse_data" in rounded:
        rounded["parse_data"].pop("message_id", None)
        rounded["parse_data"].pop("metadata", None)
        # Where a message was settled before it was split, we keep that there are no other questions.
        rounded["parse_data"].setdefault("other_questions", [])
    return rounded


@pytest.mark.parametrize("turns", CONVERSATIONS, ids=" | ".join)
def test_replies_and_events_are_those_of_stock_rasa(
    assistant: Assistant, stock: MessageProcessor, turns: list[str]
) -> None:
    sender = "differential " + " | ".join(turns)

    async def both() -> None:
        for turn in turns:
            ours = await assistant.answer(sender, turn)
            theirs = await stock_answer(stock, sender, turn)
            assert ours == theirs, turn

    asyncio.run(both())
    kept = asyncio.run(assistant.tracker_store.retrieve(sender))
    expected = asyncio.run(stock.tracker_store.retrieve(sender))
    assert kept is not None and expected is not None
    ours = [comparable(event.as_dict()) for event in kept.events]
    theirs = [comparable(event.as_dict()) for event in expected.events]
    assert ours == theirs
    assert kept.current_slot_values() == expected.current_slot_values()


def test_a_full_postcode_is_all_that_differs(assistant: Assistant, stock: MessageProcessor) -> None:
    async def both() -> tuple[Any, Any]:
        text = "chemist near WR14 2GP please"
        assert await assistant.answer("postcode", text) == await stock_answer(stock, "postcode", text)
        return await assistant.tracker_store.retrieve("postcode"), await stock.tracker_store.retrieve("postcode")

    ours, theirs = asyncio.run(both())
    assert "WR14 2GP" in json.dumps([event.as_dict() for event in theirs.events])
    assert "2GP" not in json.dumps([event.as_dict() for event in ours.events if event.type_name == "user"])
    expected = json.dumps([comparable(event.as_dict()) for event in theirs.events])
    masked = expected.replace("WR14 2GP please", "WR14 *** please")
    assert json.dumps([comparable(event.as_dict()) for event in ours.events]) == masked


def test_the_order_of_the_nodes_gives_what_dask_gives(assistant: Assistant, stock: MessageProcessor) -> None:
    assert assistant.processor is not None
    for text in ("pharmacy in Redditch", "hello", "my neighbour isn't breathing"):
        ours = asyncio.run(assistant.processor.parse_message(UserMessage(text, message_id="1")))
        theirs = asyncio.run(stock.parse_message(UserMessage(text, message_id="1")))
        assert comparable(ours) == comparable(theirs)


# -- where ours is meant to differ


def test_an_action_that_breaks_still_says_who_to_ring(
    assistant: Assistant,
    say: Callable[..., list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def breaks(*_: Any) -> None:
        raise RuntimeError("a bug in an action")

    assert isinstance(assistant.processor, Processor)
    monkeypatch.setattr(assistant.processor._custom["action_find_service"]._action, "run", breaks)
    messages = say("breaks", "pharmacy in Redditch")
    assert messages[0]["text"] == WORDING["knowledge_unavailable"]
    assert messages[1]["custom"] == {"outcome": "fallback", "card": None, "records": [], "sources": []}
    assert "a bug in an action" in caplog.text
    monkeypatch.undo()


def test_a_turn_that_cannot_be_kept_is_an_error_and_can_be_said_again(
    assistant: Assistant, say: Callable[..., list[dict[str, Any]]]
) -> None:
    """Rasa would go on in memory and lose it with the process."""
    store = assistant.tracker_store
    assert isinstance(store, ConversationStore)
    say("keeps", "pharmacy")
    db = connection(store)
    full = "SELECT RAISE(ABORT, 'disk full')"
    db.execute(f"CREATE TEMP TRIGGER full BEFORE INSERT ON main.event BEGIN {full}; END")
    try:
        with pytest.raises(ConversationsError, match="disk full"):
            say("keeps", "Redditch")
    finally:
        db.execute("DROP TRIGGER full")
    tracker = asyncio.run(store.retrieve("keeps"))
    assert tracker is not None
    assert [event.text for event in tracker.events if event.type_name == "user"] == ["pharmacy"]
    assert "The nearest to Redditch:" in say("keeps", "Redditch")[0]["text"]


def test_a_long_conversation_is_answered_from_what_is_still_read(
    assistant: Assistant, say: Callable[..., list[dict[str, Any]]], tmp_path: Path
) -> None:
    sender = "long"
    say(sender, *["pharmacy in Redditch", "more"] * 45, "pharmacy")
    assert isinstance(assistant.tracker_store, ConversationStore)
    assistant.tracker_store.forget(sender)
    assert "The nearest to Malvern:" in say(sender, "Malvern")[0]["text"]
    assert "Redditch" not in say(sender, "the first one")[0]["text"]
