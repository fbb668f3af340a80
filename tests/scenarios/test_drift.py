# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manual changes are reverted, exactly these, and nothing else is changed."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from .cloud import Cloud, Tenant
from .configure import Configure, Made

HOST = "contoso_prod"


class ByHand:
    """Undoes one step of the set-up, like a person in a portal."""

    def __init__(self, cloud: Cloud, tenant: Tenant) -> None:
        self._cloud = cloud
        self._tenant = tenant
        self._made = Made(cloud, tenant)

    def _web_api(self, method: str, path: str, body: object = None) -> None:
        self._cloud.web_api(self._tenant, method, path, body)

    def _graph(self, method: str, path: str, body: object = None) -> None:
        self._cloud.graph(self._tenant, method, path, body)

    def _patch_application(self, body: object) -> None:
        self._graph("PATCH", f"/applications/{self._made.application['id']}", body)

    @property
    def _user(self) -> str:
        return f"systemusers({self._made.users[0]['systemuserid']})"

    @property
    def _role(self) -> str:
        return f"roles({self._made.role['roleid']})"

    def take_the_role(self) -> None:
        (role,) = self._made.users[0]["systemuserroles_association"]
        self._web_api("DELETE", f"{self._user}/systemuserroles_association({role['roleid']})/$ref")

    def disable_the_user(self) -> None:
        self._web_api("PATCH", self._user, {"isdisabled": True})

    def delete_the_user_half(self) -> None:
        user = self._user
        self._web_api("PATCH", user, {"isdisabled": True})
        self._web_api("DELETE", user)

    def delete_the_user(self) -> None:
        user = self._user
        self.delete_the_user_half()
        self._web_api("DELETE", user)

    def take_a_privilege(self) -> None:
        (row,) = self._cloud.rows(self._tenant, "privileges?$filter=name eq 'prvReadAsyncOperation'")
        body = {"PrivilegeId": row["privilegeid"]}
        self._web_api("POST", f"{self._role}/Microsoft.Dynamics.CRM.RemovePrivilegeRole", body)

    def narrow_a_privilege(self) -> None:
        (row,) = self._cloud.rows(self._tenant, "privileges?$filter=name eq 'prvWriteAsyncOperation'")
        body = {"Privileges": [{"PrivilegeId": row["privilegeid"], "Depth": "Basic"}]}
        self._web_api("POST", f"{self._role}/Microsoft.Dynamics.CRM.AddPrivilegesRole", body)

    def change_the_inheritance(self) -> None:
        self._web_api("PATCH", self._role, {"isinherited": 0})

    def uninstall_the_solution(self) -> None:
        self._web_api("DELETE", f"solutions({self._made.solution['solutionid']})")

    def rename_the_application(self) -> None:
        self._patch_application({"displayName": "Renamed"})

    def narrow_the_audience(self) -> None:
        self._patch_application({"signInAudience": "AzureADMyOrg"})

    def change_the_redirect_uri(self) -> None:
        self._patch_application({"web": {"redirectUris": ["https://elsewhere.example/auth"]}})

    def take_the_permission(self) -> None:
        self._patch_application({"requiredResourceAccess": []})

    def remove_the_secret(self) -> None:
        path = f"/applications/{self._made.application['id']}/removePassword"
        self._graph("POST", path, {"keyId": self._made.secrets[0]["keyId"]})

    def disable_the_service_principal(self) -> None:
        path = f"/servicePrincipals/{self._made.service_principals[0]['id']}"
        self._graph("PATCH", path, {"accountEnabled": False})

    def deactivate_the_application(self) -> None:
        self._patch_application({"isDisabled": True})

    def deactivate_the_service_principal(self) -> None:
        self._graph("PATCH", f"/servicePrincipals/{self._made.service_principals[0]['id']}", {"isDisabled": True})

    def delete_the_service_principal(self) -> None:
        self._graph("DELETE", f"/servicePrincipals/{self._made.service_principals[0]['id']}")


NEW_USER = ["application_user", "application_user.roles"]
UNDONE: list[tuple[Callable[[ByHand], None], list[str]]] = [
    (ByHand.take_the_role, ["application_user.roles"]),
    (ByHand.disable_the_user, ["application_user.isdisabled"]),
    (ByHand.delete_the_user_half, NEW_USER),
    (ByHand.delete_the_user, NEW_USER),
    (ByHand.take_a_privilege, ["role.privileges"]),
    (ByHand.narrow_a_privilege, ["role.privileges"]),
    (ByHand.change_the_inheritance, ["role.isinherited"]),
    (ByHand.rename_the_application, ["application.displayName"]),
    (ByHand.narrow_the_audience, ["application.signInAudience"]),
    (ByHand.change_the_redirect_uri, ["application.web.redirectUris"]),
    (ByHand.take_the_permission, ["application.requiredResourceAccess"]),
    (ByHand.remove_the_secret, ["application.secret", "stored_secret", "handover"]),
    (ByHand.disable_the_service_principal, ["service_principal.accountEnabled"]),
    (ByHand.deactivate_the_application, ["application.isDisabled"]),
    (ByHand.deactivate_the_service_principal, ["service_principal.isDisabled"]),
    (ByHand.delete_the_service_principal, ["service_principal"]),
    (ByHand.uninstall_the_solution, ["solution", "role.privileges", "role.isinherited", "application_user.roles"]),
]


PARTS = 3


@pytest.mark.cloud("--tenants", str(math.ceil(len(UNDONE) / PARTS)))
@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.torture) for part in range(1, PARTS))])
def test_only_what_was_undone_by_hand_is_restored(cloud: Cloud, configure: Configure, part: int) -> None:
    first = configure(rehearse=False)
    assert first.status == 0, first.output
    # Each tenant loses something else, so that one run restores many things.
    undone = dict(zip(cloud.tenants.values(), UNDONE[part::PARTS], strict=False))
    for tenant, (undo, _changes) in undone.items():
        undo(ByHand(cloud, tenant))
    run = configure()
    assert run.status == 0, run.output
    for tenant, (undo, changes) in undone.items():
        assert run.changes(tenant.host) == changes, undo.__name__
    again = configure(rehearse=False)
    assert again.changed_hosts() == set(), again.output
    assert cloud.writes_since(again.mark) == []


NEW_DESTINATION = ["leadDestination", "instanceUrl", "authentication", "applicationId", "directoryId", "contactEmail"]


@pytest.mark.cloud("--tenants", "5", "--offers", "1", "--set", "configure_seconds=0.2", "--set", "publish_seconds=0.4")
def test_only_what_was_undone_at_an_offer_is_restored(cloud: Cloud, configure: Configure) -> None:
    wanted = {"lead_writer_contact_emails": ["sales@contoso.example"]}
    assert configure(variables={**wanted, "lead_writer_publish": "live"}, rehearse=False).status == 0
    # The second tenant is a government tenant without offers.
    tenants = [tenant for tenant in cloud.tenants.values() if not tenant.environment_host.endswith(".us")]
    nowhere, other_address, other_application, no_sheet = tenants
    _edit_draft(cloud, nowhere, {"leadDestination": "none", "dynamicsLeadConfiguration": None})
    _edit_connection(cloud, other_address, {"contactEmail": ["elsewhere@contoso.example"]})
    _edit_connection(cloud, other_application, {"applicationId": other_application.client_id})
    (configure.store / f"{no_sheet.environment_host}.handover.md").unlink()

    run = configure(variables=wanted)
    assert run.status == 0, run.output
    assert run.changes(nowhere.host) == [*_at_the_offer(nowhere, *NEW_DESTINATION, "secret"), "handover"]
    assert run.changes(other_address.host) == _at_the_offer(other_address, "contactEmail")
    assert run.changes(other_application.host) == [
        *_at_the_offer(other_application, "applicationId", "secret"),
        "handover",
    ]
    assert run.changes(no_sheet.host) == ["handover"]
    again = configure("--diff", variables=wanted, rehearse=False)
    assert again.changed_hosts() == set(), again.output
    assert cloud.writes_since(again.mark) == []


def _at_the_offer(tenant: Tenant, *names: str) -> list[str]:
    return [f"lead_destination.{tenant.name}-offer.{name}" for name in names]


def _edit_connection(cloud: Cloud, tenant: Tenant, changes: dict[str, object]) -> None:
    _edit_draft(cloud, tenant, {"dynamicsLeadConfiguration": changes})


def _edit_draft(cloud: Cloud, tenant: Tenant, changes: dict[str, object]) -> None:
    """Change the draft's lead destination, like a person in the portal."""
    body = {"resource": "customer-leads", "changes": changes, "target": "draft"}
    cloud.control("PATCH", f"/tenants/{tenant.tenant_id}/offers/{tenant.name}-offer", body)


@pytest.mark.cloud("--tenants", "1")
def test_deleted_application_is_restored_from_the_recycle_bin(cloud: Cloud, configure: Configure) -> None:
    assert configure(rehearse=False).status == 0
    before = Made(cloud, cloud.contoso).application
    cloud.graph(cloud.contoso, "DELETE", f"/applications/{before['id']}")
    run = configure()
    assert run.status == 0, run.output
    assert run.changes(HOST)[0] == "application.restored"
    assert Made(cloud, cloud.contoso).application["appId"] == before["appId"]


@pytest.mark.cloud("--tenants", "1")
def test_partly_configured_tenant_is_completed_without_duplicates(cloud: Cloud, configure: Configure) -> None:
    for tags in ("lead_writer_application", "lead_writer_solution"):
        assert configure("--tags", tags).status == 0
    run = configure()
    assert run.status == 0, run.output
    assert run.changes(HOST) == [
        "role.privileges",
        "role.isinherited",
        "application_user",
        "application_user.roles",
        "handover",
    ]
    made = Made(cloud, cloud.contoso)
    assert len(made.users) == len(made.service_principals) == len(made.secrets) == 1
