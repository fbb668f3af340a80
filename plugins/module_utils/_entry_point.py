# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a module runs: arguments in, a resource planned, the plan executed unless in check mode, one answer out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import env_fallback

from ._desired_state.resource import Resource
from ._identity.credentials import Credentials
from ._identity.sign_in import MSAL_IMPORT_ERROR, SignIn, SignInFailed
from ._resources.solution.package import PendingRoles, expected_package, pending_roles, role_ids
from ._rules.clouds import CLOUDS, Cloud, EnvironmentAddress, environment_address
from ._rules.errors import InvalidInput
from ._rules.guids import is_guid
from ._rules.lead_failures import LeadFailure
from ._rules.solution_package import SolutionPackage
from ._rules.words import harmless
from ._services.environment.client import EnvironmentClient, tenant_of_environment
from ._services.environment.roles import Roles
from ._services.graph.client import GraphClient
from ._services.partner_center.client import PartnerCenterClient
from ._services.power_platform.client import PowerPlatformClient
from ._transport.errors import CallFailed, TimedOut, forms_checked
from ._transport.http import Transport, secrets_in_address
from ._transport.run_cache import RunCache
from ._transport.trust import REQUESTS_IMPORT_ERROR


@dataclass(frozen=True)
class Arguments:
    """A module's options and the rules between them; two can be added.

    `may_return_secret` says of options as a task gives them, not parsed yet, whether the result may hold a new secret.
    """

    options: Mapping[str, Mapping[str, Any]]
    rules: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    may_return_secret: Callable[[Mapping[str, Any]], bool] = lambda given: False

    def __add__(self, other: Arguments) -> Arguments:
        rules = {name: (*self.rules.get(name, ()), *other.rules.get(name, ())) for name in {*self.rules, *other.rules}}
        return Arguments(
            {**self.options, **other.options},
            rules,
            lambda given: self.may_return_secret(given) or other.may_return_secret(given),
        )

    def module_arguments(self) -> dict[str, Any]:
        """Return the keyword arguments for AnsibleModule."""
        return {
            "argument_spec": {name: dict(spec) for name, spec in self.options.items()},
            "supports_check_mode": True,
            **{name: list(rule) for name, rule in self.rules.items()},
        }


def _from_environment(variable: str) -> Any:
    return (env_fallback, [variable])


CREDENTIALS = Arguments(
    {
        "tenant_id": {"type": "str", "fallback": _from_environment("AZURE_TENANT_ID")},
        "client_id": {"type": "str", "fallback": _from_environment("AZURE_CLIENT_ID")},
        "client_secret": {"type": "str", "no_log": True, "fallback": _from_environment("AZURE_CLIENT_SECRET")},
        "client_certificate_path": {
            "type": "path",
            "fallback": _from_environment("AZURE_CLIENT_CERTIFICATE_PATH"),
        },
        "client_certificate_passphrase": {
            "type": "str",
            "no_log": True,
            "fallback": _from_environment("AZURE_CLIENT_CERTIFICATE_PASSWORD"),
        },
        "federated_token_file": {
            "type": "path",
            "no_log": False,
            "fallback": _from_environment("AZURE_FEDERATED_TOKEN_FILE"),
        },
        "managed_identity": {"type": "bool", "default": False},
        "azure_cli": {"type": "bool", "default": False},
        "cloud": {"type": "str", "choices": list(CLOUDS)},
        "ca_bundle": {"type": "path"},
        "timeout": {"type": "int", "default": 60},
        "record_directory": {"type": "path", "fallback": _from_environment("MARKETPLACE_LEADS_RECORD")},
    }
)
"""Credentials and network settings: options of every module."""

PUBLISHER = Arguments(
    {
        "publisher": {
            "type": "dict",
            "default": {},
            "options": {
                # The runner's environment variables are not the publisher's.
                name: {key: value for key, value in option.items() if key != "fallback"}
                for name, option in CREDENTIALS.options.items()
                if name not in ("cloud", "ca_bundle", "timeout", "record_directory")
            },
        }
    }
)
"""Who signs in to Partner Center, if that can be an identity other than the caller's."""

ENVIRONMENT = Arguments({"environment_url": {"type": "str", "required": True}})
"""The environment that a module works on."""

TENANT = Arguments({"environment_url": {"type": "str"}})
"""An environment that identifies its tenant, in modules that work only on the directory."""


class ModuleContext:
    """One call of a module: its options, and the clients that they open."""

    def __init__(
        self,
        options: Mapping[str, Any],
        cache: RunCache,
        report_progress: Callable[[str], None] = lambda sentence: None,
        transport: Transport | None = None,
    ) -> None:
        """`report_progress` shows the user a sentence about the progress of a long operation.

        `transport` is one that other calls use as well: with the same `ca_bundle`, `timeout` and `record_directory`.
        """
        self.options = dict(options)
        self.cache = cache
        self.report_progress = report_progress
        if transport is not None:
            self.transport = transport

    def __getitem__(self, option: str) -> Any:
        return self.options[option]

    @cached_property
    def transport(self) -> Transport:
        """The transport for all services, by the caller's `ca_bundle` and `timeout` (seconds for one try).

        It records what goes through it in `record_directory`, if that is given.
        """
        return Transport(
            ca_bundle=self.options["ca_bundle"],
            timeout=float(self.options["timeout"]),
            record_directory=self.options["record_directory"],
        )

    @cached_property
    def credentials(self) -> Credentials:
        """The caller's credentials, checked offline."""
        return Credentials.from_options(self.options)

    @cached_property
    def address(self) -> EnvironmentAddress:
        """The environment's address. Raises InvalidInput when `environment_url` cannot be one."""
        return environment_address(self.options["environment_url"], self.options["cloud"])

    @cached_property
    def cloud(self) -> Cloud:
        """The cloud of the environment, else the one stated, else the public one."""
        if self.options.get("environment_url"):
            return self.address.cloud
        return CLOUDS[self.options["cloud"] or "public"]

    @cached_property
    def tenant_of_environment(self) -> str | None:
        """The directory id that the environment itself names; asked once per run."""
        key = ("tenant of", self.address.url)
        known: str | None = self.cache.get(*key)
        if known is None:
            known = tenant_of_environment(self.address, self.transport)
            self.cache.put(known, *key)
        return known

    def check_tenant(self) -> None:
        """Compare a directory id that the caller stated with the one that the environment names.

        Raises InvalidInput when they differ. A domain name is not compared: only a sign-in resolves it.
        """
        stated = self.options["tenant_id"] or ""
        if is_guid(stated) and self.tenant_of_environment not in (None, stated.lower()):
            raise InvalidInput(
                f"tenant_id is {stated}, but {self.address.host} belongs to tenant {self.tenant_of_environment}: "
                "correct one of them, or leave tenant_id out."
            )

    @cached_property
    def sign_in(self) -> SignIn:
        """The caller's identity; without `tenant_id` the tenant is the one that the environment names."""
        credentials = self.credentials
        if not credentials.tenant and self.options.get("environment_url"):
            tenant = self.tenant_of_environment
            if tenant:
                credentials = credentials.with_tenant(tenant)
        return SignIn(credentials, self.cloud, self.transport, self.cache)

    @cached_property
    def expected_package(self) -> SolutionPackage | None:
        """The package in `solution_package`, if the module has that option."""
        return expected_package(self.options, lambda: self.transport, self.cache)

    @cached_property
    def pending_roles(self) -> PendingRoles:
        """Returns the roles of that package until it is imported."""
        return pending_roles(self.options, self.expected_package, lambda: self.environment)

    @cached_property
    def roles(self) -> Roles:
        """The security roles of the environment; those of that package are known by their ids."""
        return Roles(self.environment, role_ids(self.expected_package))

    @cached_property
    def graph(self) -> GraphClient:
        """Microsoft Graph in the caller's tenant."""
        return GraphClient(self.sign_in, self.transport)

    @cached_property
    def environment(self) -> EnvironmentClient:
        """The Web API of the environment at `environment_url`."""
        return EnvironmentClient(self.address, self.sign_in, self.transport)

    @cached_property
    def power_platform(self) -> PowerPlatformClient:
        """The Power Platform admin API in the caller's tenant."""
        return PowerPlatformClient(self.sign_in, self.transport)

    @cached_property
    def partner_center_of_publisher(self) -> PartnerCenterClient:
        """Partner Center in the account of `publisher`, which may differ from the caller.

        Raises InvalidInput when no credentials are given.
        """
        try:
            credentials = Credentials.from_options(self.options["publisher"])
            version = (self.options.get("lead_destinations") or {}).get("api_version")
            return PartnerCenterClient.signed_in_with(credentials, self.transport, self.cache, version)
        except InvalidInput as error:
            raise InvalidInput(f"publisher: {error}") from error

    @cached_property
    def partner_center(self) -> PartnerCenterClient:
        """Partner Center in the account of the publisher, with the caller's credentials as the publisher's.

        Raises InvalidInput when a national cloud is asked for.
        """
        if self.options["cloud"] not in (None, "public"):
            raise InvalidInput(
                f"cloud is {self.options['cloud']}, but Partner Center is a service of the public cloud: "
                "leave cloud out, and give the credentials of the publisher."
            )
        version = self.options.get("api_version")
        return PartnerCenterClient.signed_in_with(self.credentials, self.transport, self.cache, version)


def said(error: Exception) -> str:
    """Return an error's message for the user: a line for each blocker, without terminal control characters."""
    return "\n".join(map(harmless, getattr(error, "sentences", (str(error),))))


EXPECTED_FAILURES = (InvalidInput, CallFailed, SignInFailed, TimedOut, LeadFailure)
"""The exceptions of the lower floors that end a call with a sentence for the user."""


def run(module_class: type[AnsibleModule], arguments: Arguments, resource: Callable[[ModuleContext], Resource]) -> None:
    """Run a module that manages the resource that `resource` makes from the context.

    This is the one place that knows check mode. It ends with `exit_json` or `fail_json`.
    """
    module = _open(module_class, arguments)
    done: list[str] = []
    with _failures_told(module, done):
        managed = resource(_call(module))
        plan = managed.plan()
        plan.check()
        if not module.check_mode:
            plan.execute(done.append)
        answer = {"changed": len(plan) > 0, "changes": plan.paths, **managed.state()}
    if module._diff:
        answer["diff"] = plan.diff
    for warning in plan.warnings:
        module.warn(harmless(warning))
    module.exit_json(**answer)


def report(
    module_class: type[AnsibleModule], arguments: Arguments, read: Callable[[ModuleContext], dict[str, Any]]
) -> None:
    """Run a module that only reads: `read` returns its answer. It ends with `exit_json` or `fail_json`.

    The sentences under `warnings` in the answer become the warnings of the module.
    """
    module = _open(module_class, arguments)
    with _failures_told(module, []):
        answer = read(_call(module))
    for warning in answer.pop("warnings", []):
        module.warn(harmless(warning))
    module.exit_json(changed=False, **answer)


def _open(module_class: type[AnsibleModule], arguments: Arguments) -> AnsibleModule:
    module = module_class(**arguments.module_arguments())
    lacking = missing_library()
    if lacking is not None:
        module.fail_json(msg=f"{lacking}: install it there, or set ansible_python_interpreter to a Python that has it.")
    module.no_log_values.update(logins_in(module.params))
    return module


def missing_library() -> str | None:
    """Return the beginning of a sentence about a library that this Python lacks, or None when it has all of them.

    It names the program and ends before the cure, because that depends on who runs the module. The reason comes from
    Python, because an installed library may lack another one.
    """
    # In this order, because msal cannot be imported without requests.
    for library, error in (("requests", REQUESTS_IMPORT_ERROR), ("msal", MSAL_IMPORT_ERROR)):
        if error is not None:
            return f"{sys.executable} cannot import the Python library {library} ({error})"
    return None


def logins_in(options: Mapping[str, Any]) -> set[str]:
    """Return the logins and signatures in the addresses of packages, which no output may show."""
    nested = options.get("solution")
    found = logins_in(nested) if isinstance(nested, Mapping) else set()
    for name in ("url", "solution_package"):
        address = str(options.get(name) or "")
        found |= secrets_in_address(address) if "://" in address else set()
    return found


def _call(module: AnsibleModule) -> ModuleContext:
    # An ordinary module cannot show anything before its end; one that runs in the worker can.
    report_progress = getattr(module, "report_progress", lambda sentence: None)
    return ModuleContext(module.params, RunCache(getattr(module, "run_directory", None)), report_progress)


@contextmanager
def _failures_told(module: AnsibleModule, done: list[str]) -> Iterator[None]:
    """Turn the exceptions of the lower floors into a module's failure.

    `done` are the changes made before it: they remain, and the result lists them.
    """
    try:
        with forms_checked():
            yield
    except EXPECTED_FAILURES as error:
        module.fail_json(
            msg=said(error),
            failure=getattr(error, "failure", None),
            changed=bool(done),
            changes=done,
            **getattr(error, "answer", {}),
        )
