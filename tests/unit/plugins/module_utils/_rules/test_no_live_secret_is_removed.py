# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No sequence of runs, kills, copied and lost stores removes a secret that a live offer uses to sign in.

The rules are the collection's own. The test simulates everything around them: an application with its secrets, offers
with a draft and a live state, stores, and the steps of a run in the role's order.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.secret_in_use import (
    OfferUse,
    secret_in_use,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.secret_schedule import (
    Decision,
    Schedule,
    Secret,
    decide,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.store_record import (
    StoreRecord,
    chosen_end,
    read_moments,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.timestamps import write_timestamp
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

NAME = "marketplace-lead-writer"
OFFERS = ("first", "second")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
STORES = st.sampled_from([0, 0, 0, 1, 2])
NAMED = st.sampled_from([OFFERS, OFFERS, OFFERS, OFFERS[:1], OFFERS[1:]])
CHOICES = st.tuples(st.booleans(), st.sampled_from([False, False, True]), st.booleans())
"""Of a run: whether it publishes, whether the store is declared lost, whether a handover is confirmed."""
WHOLE = 99
"""More steps than a run has."""
STEPS = st.sampled_from([WHOLE, WHOLE, WHOLE, *range(1, 8)])


@dataclass
class Offer:
    """An offer: the key IDs of the secrets in its draft and in its live state, and when it last went live."""

    draft: str = ""
    live: str = ""
    published: datetime | None = None


@dataclass
class Store:
    """A store with its record of what was handed over to which offer, and when."""

    record: StoreRecord = field(default_factory=StoreRecord)
    handed_over: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    seen_live: set[str] = field(default_factory=set)

    def copy(self) -> Store:
        return Store(self.record, dict(self.handed_over), set(self.seen_live))


@dataclass
class RunOptions:
    """The choices of a run's caller."""

    named: tuple[str, ...]
    choices: tuple[bool, bool, bool]
    rotate: bool

    @property
    def publish(self) -> bool:
        return self.choices[0]

    @property
    def lost(self) -> bool:
        return self.choices[1]


class World(RuleBasedStateMachine):
    """An application, its offers, the stores with its secrets, and everything that happens to them."""

    @initialize(by_hand=st.booleans())
    def begin(self, by_hand: bool) -> None:
        """Either the runs hand over to offers, or a person enters the connection; see the documentation of the role."""
        self.by_hand = by_hand
        self.now = BEGIN
        self.count = 0
        self.secrets: list[Secret] = []
        self.offers = {name: Offer() for name in OFFERS}
        self.stores = [Store()]
        self.cut: list[str] = []
        self.record_was_lost = False

    # --- actions of people

    @rule(days=st.sampled_from([1, 2, 8, 8, 8, 50, 325]))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(
        event=st.sampled_from(["secret", "copy", "lose record", "lose handover", "lose both", "publish"]), which=STORES
    )
    def people_interfere(self, event: str, which: int) -> None:
        store = self._store(which)
        if event == "secret":
            self._add(NAME, self.now + timedelta(days=300))
        elif event == "copy" and len(self.stores) < 3:
            self.stores.append(store.copy())
        elif event == "publish":
            for offer in self.offers.values():
                self._publish(offer)
        if event in ("lose record", "lose both"):
            store.record = StoreRecord()
        if event in ("lose handover", "lose both"):
            store.handed_over, store.seen_live = {}, set()
            self.record_was_lost = True

    @precondition(lambda self: self.by_hand)
    @rule(name=st.sampled_from(OFFERS), which=STORES)
    def a_person_types_the_stored_secret(self, name: str, which: int) -> None:
        """A person enters the connection from the newest sheet, if the stored secret still exists, and publishes."""
        record = self._store(which).record
        if record.key_id and record.key_id == self._youngest_stored():
            self.offers[name].draft = record.key_id
            self._publish(self.offers[name])

    # --- runs

    @rule(which=STORES, named=NAMED, choices=CHOICES, steps=STEPS)
    def a_configure_run(self, which: int, named: Any, choices: Any, steps: int) -> None:
        self._a_run(which, RunOptions(named, choices, rotate=False), steps)

    @rule(which=STORES, named=NAMED, choices=CHOICES, steps=STEPS)
    def a_rotation(self, which: int, named: Any, choices: Any, steps: int) -> None:
        self._a_run(which, RunOptions(named, choices, rotate=True), steps)

    def _a_run(self, which: int, options: RunOptions, steps: int) -> None:
        """A run that is killed after a number of steps, or completes."""
        store = self._store(which)
        # People confirm what is true.
        true = all(offer.live in ("", store.record.key_id) for offer in self.offers.values())
        # Without the record of the handover, only the caller knows which offers exist (docs/stores.md).
        named = () if self.by_hand else OFFERS if self.record_was_lost else options.named
        publish, lost, confirm = options.choices
        options = replace(options, named=named, choices=(publish, lost, confirm and true))
        for _step in zip(range(steps), self._run(store, options), strict=False):
            self.now += timedelta(seconds=2)

    def _run(self, store: Store, options: RunOptions) -> Iterator[None]:
        schedule = self._schedule(store, options)
        decision = decide(self.secrets, schedule, self.now)
        if schedule.record_is_empty and decision.foreign and decision.create and not schedule.store_lost:
            return
        to_hand_over = [name for name in options.named if self._needs(store, name, decision)]
        if decision.outdated and not decision.create and to_hand_over:
            return
        yield
        for secret in decision.lost:
            self._remove(secret)
            yield
        if decision.create:
            end = chosen_end(self.now, 365)
            store.record = store.record.intending(write_timestamp(end), write_timestamp(self.now), "a run")
            yield
            made = self._add(NAME, end)
            yield
        for secret in decision.remove:
            self._remove(secret)
            yield
        if decision.create:
            previous = [*decision.previous, *([decision.current] if decision.current else [])]
            previous += decision.foreign if schedule.store_lost else ()
            told = StoreRecord(
                key_id=made.key_id,
                end_date_time=write_timestamp(end),
                previous_key_ids=" ".join(each.key_id for each in previous),
            )
            store.record = store.record.holding(told)
            yield
        for name in options.named:
            yield from self._hand_over(store, name, options.publish)

    def _schedule(self, store: Store, options: RunOptions) -> Schedule:
        record = store.record
        uses = [self._use(store, name) for name in options.named]
        unsure = any(
            key != record.key_id or name not in store.seen_live
            for name, (key, _at) in store.handed_over.items()
            if name not in options.named
        )
        in_use = secret_in_use(uses, record.key_id, record.key_id if options.choices[2] else "", others_unsure=unsure)
        return Schedule(
            name=NAME,
            valid_days=365,
            rotate_before_days=45,
            rotate_after_days=1 if options.rotate else None,
            stored_key_id=record.key_id,
            previous_key_ids=frozenset(record.previous_key_ids.split()),
            intended_ends=read_moments(record.intended_end_date_times),
            store_lost=options.lost,
            overlap_days=7,
            in_use_key_id=in_use.key_id or None,
            in_use_since=in_use.since,
        )

    def _use(self, store: Store, name: str) -> OfferUse:
        offer = self.offers[name]
        key, at = store.handed_over.get(name, ("", None))
        since = offer.published if offer.published and at and offer.published > at else None
        return OfferUse(bool(offer.live), key, since)

    def _needs(self, store: Store, name: str, decision: Decision) -> bool:
        stored = decision.current.key_id if decision.current else ""
        return not self.offers[name].draft or store.handed_over.get(name, ("", None))[0] != stored

    def _hand_over(self, store: Store, name: str, publish: bool) -> Iterator[None]:
        offer, key = self.offers[name], store.record.key_id
        if not offer.draft or store.handed_over.get(name, ("", None))[0] != key:
            offer.draft = key
            at = self.now
            yield
            store.handed_over[name] = (key, at)
            store.seen_live.discard(name)
            yield
        at = store.handed_over[name][1]
        if publish and not (offer.published and offer.published > at):
            self.now += timedelta(seconds=1)
            self._publish(offer)
            yield
        if offer.published and offer.published > at:
            store.seen_live.add(name)

    # --- the services

    def _add(self, name: str, end: datetime) -> Secret:
        self.count += 1
        self.now += timedelta(seconds=1)
        secret = Secret(f"key-{self.count}", name, self.now, end)
        self.secrets.append(secret)
        return secret

    def _remove(self, secret: Secret) -> None:
        if secret.ends_after(self.now) and any(offer.live == secret.key_id for offer in self.offers.values()):
            self.cut.append(secret.key_id)
        self.secrets = [each for each in self.secrets if each.key_id != secret.key_id]

    def _publish(self, offer: Offer) -> None:
        if offer.draft:
            offer.live, offer.published = offer.draft, self.now

    def _store(self, which: int) -> Store:
        return self.stores[which % len(self.stores)]

    def _youngest_stored(self) -> str:
        stored = {store.record.key_id for store in self.stores}
        there = [secret for secret in self.secrets if secret.key_id in stored and secret.start is not None]
        return max(there, key=lambda each: each.start or BEGIN).key_id if there else ""

    @invariant()
    def no_lead_is_cut(self) -> None:
        assert not getattr(self, "cut", [])


World.TestCase.settings = settings(
    max_examples=int(os.environ.get("MARKETPLACE_LEADS_EXAMPLES", "150")),
    stateful_step_count=40,
    deadline=None,
    derandomize="MARKETPLACE_LEADS_EXAMPLES" not in os.environ,
    database=None,
)
test_no_sequence_of_runs_removes_a_live_secret = World.TestCase
