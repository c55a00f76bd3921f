"""Rasa's agent with the actions in its own process: one turn without an action server in between.

Everything here subclasses Rasa; the underscored methods that are overridden are private to Rasa 3.6, and
tests/bot/test_rasa_seams.py fails when an upgrade moves them (docs/decisions/0005-in-process-actions.md).
"""

from __future__ import annotations

import inspect
import logging
import pkgutil
from copy import copy
from graphlib import TopologicalSorter
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import rasa_sdk
from rasa.core.actions.action import Action, ActionExecutionRejection, RemoteAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.processor import MessageProcessor
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.runner.interface import GraphRunner
from rasa.shared.core.events import ActionExecutionRejected, BotUttered, Event, UserUttered, deserialise_events
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa_sdk import utils as sdk_utils
from rasa_sdk.executor import CollectingDispatcher

import actions
from bot.conversations import ConversationStore
from bot.last_look import last_look, safe_reply
from bot.nlu.danger_detector import is_danger
from bot.nlu.first_question import OTHER_QUESTIONS
from bot.privacy import is_masked, mask_postcode, without_placeholders
from bot.settings import WORDING

if TYPE_CHECKING:
    from pathlib import Path

    from rasa.core.channels.channel import OutputChannel
    from rasa.core.nlg.generator import NaturalLanguageGenerator
    from rasa.core.policies.policy import PolicyPrediction
    from rasa.core.tracker_store import TrackerStore
    from rasa.engine.storage.storage import ModelMetadata
    from rasa.shared.core.domain import Domain
    from rasa.shared.core.trackers import DialogueStateTracker

logger = logging.getLogger(__name__)


def custom_actions() -> dict[str, rasa_sdk.Action]:
    """Every action in the `actions` room by its name, one instance each."""
    found: dict[str, rasa_sdk.Action] = {}
    for module in pkgutil.iter_modules(actions.__path__):
        for _, member in inspect.getmembers(import_module(f"actions.{module.name}"), inspect.isclass):
            if issubclass(member, rasa_sdk.Action) and member is not rasa_sdk.Action:
                action: Any = member()
                found[action.name()] = action
    return found


class InProcessAction(Action):
    """A custom action, run here as the action server would run it."""

    def __init__(self, action: rasa_sdk.Action) -> None:
        """Wrap an action of the SDK."""
        self._action = action

    def name(self) -> str:
        """The wrapped action's name."""
        return cast("str", self._action.name())

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> list[Event]:
        """Run it; an action that breaks is logged, and the resident is told who to ring instead of nothing."""
        dispatcher = CollectingDispatcher()
        try:
            events = await sdk_utils.call_potential_coroutine(
                self._action.run(dispatcher, _for_sdk(tracker), {"responses": domain.responses})
            )
        except Exception:
            logger.exception("The action %s broke", self.name())
            events, dispatcher = [], CollectingDispatcher()
            dispatcher.messages = [safe_reply("knowledge_unavailable")]
        messages = last_look(dispatcher.messages)  # here too, before it is kept: the page shows what is kept
        if messages is None:
            events, messages = [], [safe_reply()]
        said = await RemoteAction._utter_responses(messages, output_channel, nlg, tracker)
        return [*said, *deserialise_events(events or [])]


def _for_sdk(tracker: DialogueStateTracker) -> rasa_sdk.Tracker:
    """The tracker as actions know it: slots, the latest message, the loop and the paused state; no old events."""
    parsed: dict[str, Any] = tracker.latest_message.parse_data if tracker.latest_message else {}
    return rasa_sdk.Tracker(
        tracker.sender_id,
        tracker.current_slot_values(),
        {key: parsed.get(key) for key in (TEXT, INTENT, INTENT_RANKING_KEY, ENTITIES, OTHER_QUESTIONS)},
        [],
        tracker.is_paused(),
        tracker.followup_action,
        tracker.active_loop.__dict__ if tracker.active_loop else {},
        tracker.latest_action_name,
    )


class OrderedRunner(GraphRunner):
    """Runs a loaded graph's nodes one after another, in an order that is worked out once for each target.

    Rasa's own runner has dask work it out anew at every message.
    """

    def __init__(self, runner: DaskGraphRunner) -> None:
        """Take over the nodes of a runner that has loaded them."""
        self._schema = runner._graph_schema
        self._nodes = runner._instantiated_nodes
        self._orders: dict[tuple[str, ...], list[tuple[str, list[str]]]] = {}

    @classmethod
    def create(cls, *args: Any, **kwargs: Any) -> OrderedRunner:
        """Load the nodes as Rasa's own runner does."""
        return cls(DaskGraphRunner.create(*args, **kwargs))

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """The outputs of the targets, by name. Raises what the nodes raise."""
        targets = targets or self._schema.target_names
        results: dict[str, tuple[str, Any]] = {name: (name, value) for name, value in (inputs or {}).items()}
        for name, needs in self._order(tuple(targets)):
            results[name] = self._nodes[name](*(results.get(need, need) for need in needs))
        return dict(results[target] for target in targets)

    def _order(self, targets: tuple[str, ...]) -> list[tuple[str, list[str]]]:
        if targets not in self._orders:
            nodes = self._schema.minimal_graph_schema(list(targets)).nodes
            needs = {name: list(node.needs.values()) for name, node in nodes.items()}
            known = {name: {need for need in wanted if need in nodes} for name, wanted in needs.items()}
            self._orders[targets] = [(name, needs[name]) for name in TopologicalSorter(known).static_order()]
        return self._orders[targets]


class Processor(MessageProcessor):
    """Rasa's processor with in-process actions, and with postcodes masked before a message is kept."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As Rasa's own; the actions are found once."""
        super().__init__(*args, **kwargs)
        self._custom = {name: InProcessAction(action) for name, action in custom_actions().items()}
        self._intents = set(self.domain.intents)

    @staticmethod
    def _load_model(model_path: str | Path) -> tuple[str, ModelMetadata, GraphRunner]:
        """As Rasa's own, with the nodes run in an order that is kept."""
        name, metadata, runner = MessageProcessor._load_model(model_path)
        return name, metadata, OrderedRunner(runner)

    def _get_action(self, action_name: str) -> Action | None:
        return self._custom.get(action_name) or super()._get_action(action_name)

    def predict_next_with_tracker_if_should(self, tracker: DialogueStateTracker) -> tuple[Action, PolicyPrediction]:
        """As Rasa's own, which would go round `_get_action`."""
        action, prediction = super().predict_next_with_tracker_if_should(tracker)
        return self._custom.get(action.name(), action), prediction

    async def _handle_message_with_tracker(self, message: UserMessage, tracker: DialogueStateTracker) -> None:
        """Parse what was said, and keep it without the exact postcode."""
        heard = copy(message)
        heard.text = without_placeholders(message.text or "")
        parsed = message.parse_data or await self.parse_message(heard, tracker)
        kept, read = mask_postcode(message.text or ""), mask_postcode(parsed[TEXT] or "")
        tracker.update(
            UserUttered(
                kept,
                parsed[INTENT],
                parsed[ENTITIES],
                {**parsed, TEXT: read, OTHER_QUESTIONS: [mask_postcode(q) for q in parsed.get(OTHER_QUESTIONS) or ()]},
                input_channel=message.input_channel,
                message_id=message.message_id,
                metadata=message.metadata,
            ),
            self.domain,
        )

    async def _run_prediction_loop(self, output_channel: OutputChannel, tracker: DialogueStateTracker) -> None:
        """As Rasa's own; then who sent personal data is asked not to, unless there is danger."""
        await super()._run_prediction_loop(output_channel, tracker)
        said = tracker.latest_message
        if said and is_masked(said.text or "") and not is_danger(said.intent):
            tracker.update(BotUttered(WORDING["masked"]), self.domain)
            await output_channel.send_text_message(tracker.sender_id, WORDING["masked"])

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        """As Rasa's own, but without copying the tracker, which would replay every event at every action."""
        if prediction.events:
            return await super()._run_action(action, tracker, output_channel, nlg, prediction)
        try:
            events = await action.run(output_channel, nlg, tracker, self.domain)
        except ActionExecutionRejection:
            tracker.update(ActionExecutionRejected(action.name(), prediction.policy_name, prediction.max_confidence))
            return self.should_predict_another_action(action.name())
        self._log_action_on_tracker(tracker, action, events, prediction)
        await self.execute_side_effects(events, tracker, output_channel)
        return self.should_predict_another_action(action.name())

    def _check_for_unseen_features(self, parse_data: dict[str, Any]) -> None:
        """As Rasa's own for intents; entities are checked by a test, not at every message."""
        name = parse_data[INTENT].get("name")
        if name and name not in self._intents:
            super()._check_for_unseen_features(parse_data)


class Assistant(Agent):
    """The agent that answers residents. A save that fails is an error, never a turn that is quietly lost."""

    @classmethod
    def start(cls, model: Path, conversations: Path | str) -> Assistant:
        """Load a model (a file, or the newest in a folder) and open the store of conversations.

        Raises `rasa.exceptions.ModelNotFound` where there is no model, and what `ConversationStore` raises.
        """
        assistant = cls(tracker_store=ConversationStore(conversations), lock_store=InMemoryLockStore())
        assistant.load_model(model)
        return assistant

    @staticmethod
    def _create_tracker_store(store: TrackerStore | None, domain: Domain) -> TrackerStore:
        """Use the store as it is: Rasa would wrap it in one that goes on in memory when saving fails."""
        assert store is not None  # `start` gives one
        return store

    def load_model(self, model_path: str | Path, fingerprint: str | None = None) -> None:
        """As Rasa's own, with our processor."""
        self.processor = Processor(
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            generator=self.nlg,
        )
        self.domain = self.processor.domain
        self._set_fingerprint(fingerprint)
        self.tracker_store.domain = self.domain
        self.nlg.responses = self.domain.responses

    async def answer(self, sender: str, text: str) -> list[dict[str, Any]]:
        """One turn: the messages as the REST channel sends them."""
        channel = CollectingOutputChannel()
        try:
            await self.handle_message(UserMessage(text, channel, sender, input_channel="rest"))
        except Exception:
            cast("ConversationStore", self.tracker_store).forget(sender)
            raise
        return channel.messages

    async def keep_reply(self, sender: str, messages: list[dict[str, Any]]) -> None:
        """Keep a reply that was made without the model, so that the page can go on showing it."""
        assert self.processor is not None  # loaded with the model
        text = "\n".join(message["text"] for message in messages if "text" in message)
        custom = next(message["custom"] for message in messages if "custom" in message)
        async with self.lock_store.lock(sender):
            tracker = await self.processor.fetch_tracker_and_update_session(sender)
            tracker.update(BotUttered(text, {"custom": custom}), self.processor.domain)
            await self.tracker_store.save(tracker)

    async def delete(self, sender: str) -> bool:
        """Delete a conversation, after the turn that is being answered; whether there was one."""
        async with self.lock_store.lock(sender):
            there = await self.tracker_store.retrieve(sender) is not None
            await self.tracker_store.delete(sender)
        return there
