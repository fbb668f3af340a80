# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The directory user that the lead service uses to sign in, with its licenses and its password.

It is recognized by its user principal name. Its password cannot be read, so a new one is set if the caller does not
have the current one. It is set last, because its value must not be lost to a later failure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ..._desired_state.plan import Plan
from ..._identity.sign_in import SignInFailed
from ..._rules.errors import InvalidInput
from ..._rules.guids import NIL_GUID
from ..._rules.lead_failures import SIGN_IN_CAUSES
from ..._rules.password_schedule import Password, PasswordDecision, decide_password, password_end
from ..._rules.passwords import generated_password
from ..._rules.timestamps import write_timestamp
from ..._services.graph.client import GraphClient
from ..._services.graph.licenses import Licenses
from ..._services.graph.password_sign_in import PasswordSignIn
from ..._services.graph.replication import Replication
from ..._services.graph.sign_in_policies import SignInPolicies
from ..._services.graph.users import DirectoryUser, DirectoryUsers
from ..._transport.errors import CallFailed, TimedOut
from .licenses import NO_LOCATION, UserLicenses
from .options import OPTIONS, DesiredUser, policies_text

__all__ = ["OPTIONS", "DesiredUser", "DirectoryUserResource"]

_NOT_IN_NICKNAMES = re.compile(r"[^A-Za-z0-9._-]")


class DirectoryUserResource:
    """Plans one user of the directory."""

    def __init__(self, graph: GraphClient, wanted: DesiredUser) -> None:
        replication = Replication(wanted.replication_timeout)
        self._graph = graph
        self._wanted = wanted
        self._users = DirectoryUsers(graph, replication)
        self._licenses = UserLicenses(Licenses(graph, replication), self._users, wanted, graph.tenant)
        self._passwords = PasswordSignIn(graph)
        self._policies = SignInPolicies(graph)
        self._plan = Plan()
        self._user: DirectoryUser | None = None
        self._validity_days: int | None = None
        self._domain_read = False
        self._new_password: str | None = None

    @property
    def object_id(self) -> str:
        """The object id after `plan`; the nil GUID until the user exists."""
        return self._user.object_id if self._user else NIL_GUID

    @property
    def password(self) -> Password:
        """What can be known of the password after `plan`."""
        user = self._user
        if user is None:
            return Password(None)
        changed = user.password_changed
        # If the domain was not read, the expiry is unknown.
        end = password_end(changed, self._validity_days, user.password_policies) if self._domain_read else None
        return Password(changed, end)

    @property
    def key_id(self) -> str:
        """What identifies the password, the time when it was set; the nil GUID while a new one is planned."""
        if "user.password" in self._plan.paths:
            return NIL_GUID
        changed = self.password.changed
        return write_timestamp(changed) if changed else ""

    def plan(self) -> Plan:
        """Plan the user, its licenses and its password, or its removal."""
        self._plan = Plan()
        self._user = self._users.by_name(self._wanted.name)
        if self._user is not None:
            self._refuse_administrators(self._user)
        if self._wanted.present:
            self._plan_present()
        else:
            self._plan_absent()
        return self._plan

    def state(self) -> dict[str, Any]:
        """Return the user as it is now; an empty one when there is none."""
        if not self._wanted.present:
            return {"user": self._shown(self._user) if self._user else {}}
        password = self.password
        told: dict[str, Any] = {
            "changed_date_time": write_timestamp(password.changed) if password.changed else None,
            "end_date_time": write_timestamp(password.end) if password.end else None,
        }
        if self._new_password is None:
            return {"user": self._shown(self._user or self._coming()), "password": told}
        return {
            "user": self._shown(self._user or self._coming()),
            "password": {**told, "value": self._new_password},
            "contains_secret": True,
        }

    # --- what is there

    def _refuse_administrators(self, user: DirectoryUser) -> None:
        """The name and password of the user are handed over, so it must have few rights.

        Also before a removal: an administrator is never meant to be removed as the lead service's user.
        """
        roles = self._users.directory_roles(user)
        if roles:
            raise InvalidInput(
                f"user_principal_name {user.name} holds the directory role {', '.join(roles)}: use a dedicated "
                "account, or remove the role first, because the lead service needs none."
            )

    def _in_recycle_bin(self) -> DirectoryUser | None:
        try:
            return self._users.deleted(self._wanted.name)
        except CallFailed as failed:
            if failed.status != 403:
                raise
            self._plan.warnings.append(f"The recycle bin cannot be read. {failed}")
        return None

    def _read_domain(self) -> None:
        """Read the password lifetime, and make sure that the directory stores the passwords of this domain."""
        domain = self._wanted.domain
        try:
            self._validity_days = self._users.password_validity_days(domain)
            self._domain_read = True
            federated = self._users.is_federated(domain)
        except CallFailed as failed:
            if failed.status == 404:
                raise InvalidInput(
                    f"user_principal_name ends in {domain}, which is not a domain of tenant {self._graph.tenant}: use "
                    "one of its domains, such as the one that ends in onmicrosoft.com."
                ) from failed
            if failed.status != 403:
                raise
            self._domain_read = True
            self._plan.warnings.append(
                f"The password lifetime in {domain} cannot be read, so 90 days are assumed: grant the runner "
                "Domain.Read.All."
            )
            return
        if federated:
            raise InvalidInput(
                f"user_principal_name ends in {domain}, which is a federated domain: use a domain whose passwords "
                "Microsoft Entra stores, such as the one that ends in onmicrosoft.com."
            )

    # --- present

    def _plan_present(self) -> None:
        wanted = self._wanted
        self._licenses.read()
        if self._user is None:
            deleted = self._in_recycle_bin()
            if deleted is not None:
                before, after = {"deleted": True}, {"deleted": False}
                self._plan.add("user.restored", before, after, lambda: self._restore(deleted))
                # The service may have put the id in front of the name, and removes it again.
                self._user = deleted.having({"userPrincipalName": wanted.name})
        user = self._user
        if user is None:
            self._read_domain()
            self._plan_creation()
        else:
            if wanted.schedule.renew_before_days is not None or wanted.schedule.renew_after_days is not None:
                self._read_domain()
            self._plan_drift(user)

    def _plan_creation(self) -> None:
        wanted = self._wanted
        if "displayName" not in wanted.properties:
            raise InvalidInput(f"display_name is missing: user {wanted.name} does not exist yet and needs one.")
        if wanted.licensed and "usageLocation" not in wanted.properties:
            raise InvalidInput(NO_LOCATION)
        self._plan.add("user", None, self._creation(), self._create)
        self._plan_licenses(DirectoryUser(NIL_GUID))
        self._plan.add("user.password", None, _NEW, self._keep_first_password)
        self._warn_of_policies(NIL_GUID)

    def _creation(self) -> dict[str, Any]:
        """The properties of a new user, by the service's names."""
        wanted = self._wanted
        nickname = _NOT_IN_NICKNAMES.sub("", wanted.name.partition("@")[0]) or "leads"
        properties: dict[str, Any] = {
            "accountEnabled": True,
            "mailNickname": nickname,
            "userPrincipalName": wanted.name,
            **wanted.properties,
        }
        policies = wanted.policies(frozenset())
        return {**properties, "passwordPolicies": policies_text(policies)} if policies else properties

    def _plan_drift(self, user: DirectoryUser) -> None:
        wanted = self._wanted
        if not user.enabled:
            self._plan_property("accountEnabled", False, True)
        for name, value in wanted.properties.items():
            self._plan_property(name, user.properties.get(name), value)
        if wanted.licensed and not (user.properties.get("usageLocation") or "usageLocation" in wanted.properties):
            raise InvalidInput(NO_LOCATION)
        held = user.password_policies
        before, after = policies_text(held), policies_text(wanted.policies(held))
        self._plan_property("passwordPolicies", before, after)
        self._plan_licenses(user)
        self._plan_password(user)

    def _plan_property(self, name: str, before: Any, after: Any) -> None:
        self._plan.add(f"user.{name}", before, after, lambda: self._update({name: after}))

    def _plan_licenses(self, user: DirectoryUser) -> None:
        before, after = self._licenses.judge(user)
        self._plan.warnings += self._licenses.warnings(user)
        self._plan.add("user.assignedLicenses", before, after, self._license)

    def _plan_password(self, user: DirectoryUser) -> None:
        password = self.password
        decision = decide_password(password, self._wanted.schedule, self._graph.service_time())
        if decision.reason is None:
            return
        if not self._wanted.schedule.may_renew:
            self._tell_that_it_stays(user, decision)
            return
        if user.synchronized:
            raise InvalidInput(
                f"user_principal_name {user.name} is synchronized from an on-premises directory, so its password "
                "cannot be set here: use a cloud-only account."
            )
        before = {"changedDateTime": write_timestamp(password.changed) if password.changed else None}
        self._plan.add("user.password", before, _NEW, self._renew)
        self._warn_of_policies(user.object_id)

    def _tell_that_it_stays(self, user: DirectoryUser, decision: PasswordDecision) -> None:
        """A new password could not be handed over now. Raises InvalidInput if the current one is of no use."""
        if decision.reason == "due":
            end = f"expires in {decision.days_left} days" if decision.days_left is not None else "is due"
            self._plan.warnings.append(
                f"The password of {user.name} {end} and is not renewed, because password_renewal is false: a new one "
                "takes effect at once, so renew it in a run that also hands it over and publishes the offers."
            )
            return
        why = (
            "has expired"
            if decision.reason == "expired"
            else "is not the one in the store, so it cannot be handed over"
        )
        raise InvalidInput(
            f"The password of {user.name} {why}, and password_renewal is false: set it to true, hand the new password "
            "over and publish the offers at once."
        )

    # --- what prevents a sign-in

    def _warn_of_policies(self, object_id: str) -> None:
        """The lead service can sign in only with a name and a password."""
        name = self._wanted.name
        told = []
        if self._policies.security_defaults():
            told.append("the security defaults of the tenant are on")
        policies = self._policies.conditional_access(object_id)
        if policies:
            told.append(f"conditional access applies to it through {', '.join(policies)}")
        seen = f" ({'; '.join(told)})" if told else ""
        self._plan.warnings.append(
            f"The lead service signs in as {name} with the password alone{seen}: make sure that security defaults, "
            "conditional access and multi-factor authentication do not apply to this account, or use an application "
            "instead."
        )

    # --- absent

    def _plan_absent(self) -> None:
        user = self._user
        if user is not None:
            before = {"userPrincipalName": user.name, "displayName": user.properties.get("displayName")}
            self._plan.add("user", before, None, lambda: self._delete(user))
        if self._wanted.purge:
            deleted = user or self._in_recycle_bin()
            if deleted is not None:
                before, after = {"purged": False}, {"purged": True}
                self._plan.add("user.purged", before, after, lambda: self._users.purge(deleted))

    # --- acts

    def _create(self) -> None:
        password = self._wanted.password or generated_password(self._wanted.name)
        self._user = self._users.create(self._creation(), password)
        self._new_password = password

    def _restore(self, deleted: DirectoryUser) -> None:
        self._user = self._users.restore(deleted, self._wanted.name)
        self._refuse_administrators(self._user)

    def _update(self, values: Mapping[str, Any]) -> None:
        self._user = self._users.update(self._managed, values)

    def _license(self) -> None:
        def assign() -> None:
            self._user = self._licenses.assign(self._managed)

        self._and_keep_the_password(assign)

    def _renew(self) -> None:
        password = self._wanted.password or generated_password(self._wanted.name)
        before = self._managed.password_changed
        self._user = self._users.set_password(self._managed, password)
        self._new_password = password

        def read_back() -> None:
            self._user = self._users.wait_until_seen(
                self._wanted.name, lambda user: user.password_changed != before, "the new password"
            )

        self._and_keep_the_password(read_back)
        self._and_keep_the_password(self._try_password)

    def _keep_first_password(self) -> None:
        """A new user gets its password at creation; only the time has to be read."""

        def read_back() -> None:
            self._user = self._users.wait_until_seen(self._wanted.name)

        # To wait for the license was to wait for the user.
        if self._managed.password_changed is None:
            self._and_keep_the_password(read_back)
        self._and_keep_the_password(self._try_password)

    def _try_password(self) -> None:
        """Sign in as the lead service would, which also shows when the new password works everywhere."""
        refused = self._passwords.refusal(self._wanted.name, self._new_password or "")
        if refused is None:
            return
        if SIGN_IN_CAUSES.get(refused) in ("more_than_a_password", "conditional_access"):
            self._plan.warnings.append(
                f"The tenant requires more than the password of {self._wanted.name} (AADSTS{refused}), which the lead "
                "service cannot provide: exempt the account from multi-factor authentication and conditional access, "
                "or use an application instead."
            )
        else:
            self._plan.warnings.append(
                f"The sign-in of {self._wanted.name} with the new password could not be tested (AADSTS{refused}): test "
                "it with the module dynamics_test_lead or the playbook validate once the environment is set up."
            )

    def _and_keep_the_password(self, act: Callable[[], None]) -> None:
        """Perform the steps after a password was set: they must not raise, or the password would be lost."""
        if self._new_password is None:
            act()
            return
        try:
            act()
        except (CallFailed, SignInFailed, TimedOut) as failed:
            self._plan.warnings.append(f"The new password is set, but a later step failed: {failed}")

    def _delete(self, user: DirectoryUser) -> None:
        self._users.delete(user)
        self._user = None

    @property
    def _managed(self) -> DirectoryUser:
        if self._user is None:
            raise AssertionError("the user is made before anything is done with it")
        return self._user

    def _coming(self) -> DirectoryUser:
        """The user as it would be made."""
        return DirectoryUser(NIL_GUID, self._creation())

    def _shown(self, user: DirectoryUser) -> dict[str, Any]:
        """The user, with the service's names in snake_case."""
        return {
            "id": user.object_id,
            "user_principal_name": user.name,
            "display_name": user.properties.get("displayName"),
            "usage_location": user.properties.get("usageLocation"),
            "account_enabled": user.enabled,
            "password_policies": policies_text(user.password_policies),
            "assigned_licenses": [
                {"sku_id": sku_id, "sku_part_number": self._licenses.part_number(sku_id)} for sku_id in user.license_ids
            ],
        }


_NEW = {"new": True}
"""What a plan shows of a password to be."""
