# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages of the modules in the terms of the role's users, who set variables and not options of modules."""

from __future__ import annotations

import re

_CREDENTIALS = (
    "tenant_id",
    "client_id",
    "client_secret",
    "client_certificate_path",
    "client_certificate_passphrase",
    "federated_token_file",
    "managed_identity",
    "azure_cli",
)
"""Options with one variable for the runner and another for the publisher."""

VARIABLES = {
    **{name: f"lead_writer_{name}" for name in _CREDENTIALS},
    "admin_consent": "lead_writer_admin_consent",
    "api_permissions": "lead_writer_api_permissions",
    "application_id": "lead_writer_application_id",
    "business_unit": "lead_writer_business_unit",
    "ca_bundle": "lead_writer_ca_bundle",
    "companion_role": "lead_writer_companion_role",
    "contact_emails": "lead_writer_contact_emails",
    "environment_url": "lead_writer_environment_url",
    "handed_over": "lead_writer_handed_over",
    "import_timeout": "lead_writer_import_timeout",
    "member_privilege_inheritance": "lead_writer_member_privilege_inheritance",
    "on_locked": "lead_writer_on_locked",
    "password_never_expires": "lead_writer_password_never_expires",
    "password_renew_before_days": "lead_writer_password_renew_before_days",
    "password_renewal": "lead_writer_password_renewal",
    "publish_other_changes": "lead_writer_publish_other_changes",
    "record_directory": "lead_writer_record",
    "redirect_uris": "lead_writer_redirect_uris",
    "replace_other_destination": "lead_writer_replace_other_destination",
    "roles_mode": "lead_writer_roles_mode",
    "secret.absent_key_ids": "lead_writer_secret_absent_key_ids",
    "secret.name": "lead_writer_secret_name",
    "secret.overlap_days": "lead_writer_secret_overlap_days",
    "secret.rotate_after_days": "lead_writer_secret_rotate_after_days",
    "secret.rotate_before_days": "lead_writer_secret_rotate_before_days",
    "secret.valid_days": "lead_writer_secret_valid_days",
    "sign_in_audience": "lead_writer_sign_in_audience",
    "sync_timeout": "lead_writer_sync_timeout",
    "unique_name": "lead_writer_application_unique_name",
    "usage_location": "lead_writer_user_usage_location",
    "user_principal_name": "lead_writer_user_name",
}
"""The role's variable for an option that is not also an ordinary word. It is replaced wherever a sentence names it."""

_IN_PLACES = {
    r"^path or url\b": "lead_writer_solution_path or lead_writer_solution_url",
    r"(^|(?<= but ))path (?=\S+ (cannot|holds|has|is)\b)": "lead_writer_solution_path ",
    r"(^|(?<= but ))url (?=must|https?:)": "lead_writer_solution_url ",
    r"^checksum must\b": "lead_writer_solution_checksum must",
    r"\band a url needs one\b": "and lead_writer_solution_url needs one",
    r"\bthe one in checksum\b": "the one in lead_writer_solution_checksum",
    r"^upgrade is\b": "lead_writer_solution_upgrade is",
    r"^cloud is\b": "lead_writer_cloud is",
    r"\bleave cloud out\b": "leave lead_writer_cloud out",
    r"\braise timeout\b": "raise lead_writer_timeout",
    r"^role (?=\S)": "lead_writer_role ",
    r"^privileges (?=names|asks)": "lead_writer_privileges ",
    r"\bprivileges\.": "lead_writer_privileges.",
    r"^licenses (?=names)": "lead_writer_user_licenses ",
    r"\bset publish to live\b": "set lead_writer_publish to live",
    r"\bconfirm in secret\.in_use_key_id that the new one is in use\b": (
        "confirm by one run with -e lead_writer_secret_in_use=true that the new one is in use"
    ),
    r"^name is (?=missing|empty)": "lead_writer_application_name is ",
    r"^display_name is (?=missing|empty)": "lead_writer_user_display_name is ",
}
"""The same for options that are also ordinary words, only where a sentence means the option."""

_PARTS = re.compile(
    r"^(publisher|solution|application|user|role_privileges|application_user|user_role|lead_destinations): "
)
_BOTH_NAMED = re.compile(r"[\w.]+ \((?:in the role (lead_writer_\w+)|(lead_writer_\w+) in the role)\)")
"""An option with the role's variable in parentheses, in a sentence that users of the module see as well."""
_WORDS = re.compile(r"(?<![\w./'=])(" + "|".join(map(re.escape, sorted(VARIABLES, key=len, reverse=True))) + r")(?!\w)")


def in_words_of_the_role(sentence: str, publisher_client_id: str = "") -> str:
    """Return a sentence with the role's variables in place of options.

    It is about the publisher's credentials if it begins with that part, or names the publisher's application.
    """
    part = _PARTS.match(sentence)
    of_publisher = bool(part and part[1] == "publisher") or (
        bool(publisher_client_id) and f"application {publisher_client_id}" in sentence
    )
    said = sentence[part.end() :] if part else sentence
    said = _BOTH_NAMED.sub(lambda found: found[1] or found[2], said)
    for pattern, variable in _IN_PLACES.items():
        said = re.sub(pattern, variable, said)
    prefix = "lead_writer_publisher_"

    def variable_of(found: re.Match[str]) -> str:
        return prefix + found[1] if of_publisher and found[1] in _CREDENTIALS else VARIABLES[found[1]]

    return _WORDS.sub(variable_of, said)
