# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which secret is in use: removing an old one too early loses leads."""

from __future__ import annotations

from datetime import UTC, datetime

from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.secret_in_use import (
    OfferUse,
    SecretInUse,
    secret_in_use,
)

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 17, tzinfo=UTC)
ELSEWHERE = OfferUse(live_here=False)


def test_a_secret_is_in_use_once_the_last_offer_is_live_with_it() -> None:
    offers = [OfferUse(True, "new", MONDAY), ELSEWHERE, OfferUse(True, "new", TUESDAY)]
    assert secret_in_use(offers, "new", "") == SecretInUse("new", TUESDAY)


def test_one_offer_not_live_with_it_keeps_the_old_one() -> None:
    assert secret_in_use([OfferUse(True, "new", MONDAY), OfferUse(True, "new")], "new", "new") == SecretInUse()
    assert secret_in_use([OfferUse(True, "old", MONDAY)], "new", "new") == SecretInUse()
    assert secret_in_use([OfferUse(True)], "new", "") == SecretInUse()


def test_offers_with_another_destination_prove_nothing() -> None:
    assert secret_in_use([ELSEWHERE], "new", "") == SecretInUse()
    assert secret_in_use([ELSEWHERE], "new", "new") == SecretInUse("new")


def test_without_offers_the_caller_decides() -> None:
    assert secret_in_use([], "new", "") == SecretInUse()
    assert secret_in_use([], "new", "new") == SecretInUse("new")
