# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of an application: invalid input is reported before any request."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._resources.application.resource import (
    OPTIONS,
    DesiredApplication,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput

CRM = "00000007-0000-0000-c000-000000000000"
SECRET = {
    **{name: spec.get("default") for name, spec in OPTIONS["secret"]["options"].items()},
    "name": "leads",
}


def wanted(**options: Any) -> DesiredApplication:
    defaults = {name: spec.get("default") for name, spec in OPTIONS.items()}
    return DesiredApplication.from_options({**defaults, "unique_name": "leads", **options})


def test_options_not_given_are_left_unchanged() -> None:
    plain = wanted()
    assert (plain.properties, plain.redirect_uris, plain.permissions, plain.schedule) == ({}, None, (), None)
    assert wanted(redirect_uris=[]).redirect_uris == ()
    assert wanted(notes="").properties == {"notes": ""}


def test_permissions_on_one_api_are_merged_whatever_its_name() -> None:
    permissions = wanted(
        api_permissions=[
            {"api": "dynamics_crm", "scopes": ["a", "b"]},
            {"api": CRM.upper(), "scopes": ["b", "c"]},
        ]
    ).permissions
    assert [(each.api_id, each.scopes) for each in permissions] == [(CRM, ("a", "b", "c"))]


def test_empty_store_differs_from_no_store() -> None:
    for known in (None, ""):
        schedule = wanted(secret={**SECRET, "stored_key_id": known}).schedule
        assert schedule is not None
        assert schedule.stored_key_id == known


@pytest.mark.parametrize("uri", ["https://contoso/auth", "http://localhost:8400/x", "http://127.0.0.1"])
def test_redirect_uri_that_the_service_accepts_is_accepted(uri: str) -> None:
    assert wanted(redirect_uris=[uri, uri]).redirect_uris == (uri,)


@pytest.mark.parametrize("uri", ["http://contoso/auth", "contoso/auth", "https://", "https://contoso/auth#here", ""])
def test_redirect_uri_that_the_service_refuses_names_its_option(uri: str) -> None:
    with pytest.raises(InvalidInput, match="redirect_uris names"):
        wanted(redirect_uris=[uri])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"unique_name": None}, "unique_name is missing"),
        ({"unique_name": ""}, "unique_name is missing"),
        ({"name": " "}, "name is empty"),
        ({"application_id": "leads"}, "application_id must be a GUID"),
        ({"api_permissions": [{"api": "sales", "scopes": ["x"]}]}, "api_permissions.api"),
        ({"api_permissions": [{"api": CRM, "scopes": []}]}, "names no scopes"),
        ({"admin_consent": True}, "names nothing to consent to"),
        ({"purge": True}, "set state to absent, or leave purge out"),
        ({"secret": {**SECRET, "stored_key_id": "x"}}, "secret.stored_key_id must be a GUID"),
        ({"secret": {**SECRET, "in_use_key_id": "x"}}, "secret.in_use_key_id must be a GUID"),
        ({"secret": {**SECRET, "in_use_since": "yesterday"}}, "secret.in_use_since is 'yesterday'"),
        ({"secret": {**SECRET, "absent_key_ids": ["x"]}}, "secret.absent_key_ids must be a GUID"),
    ],
)
def test_invalid_input_is_a_message_that_names_the_option(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        wanted(**options)
