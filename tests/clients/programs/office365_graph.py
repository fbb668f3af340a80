# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An application from its registration to its removal, with Office365-REST-Python-Client."""

import json
import sys

from office365.graph_client import GraphClient

given = json.load(sys.stdin)
client = GraphClient(tenant=given["tenant"]).with_client_secret(given["client"], given["secret"])
application = client.applications.add("Office365 app").execute_query()
secret = application.add_password("x").execute_query()
query = client.applications.get().filter("displayName eq 'Office365 app'").select(["id", "displayName"])
found = query.top(5).execute_query()
application.set_property("notes", "changed").update().execute_query()
principal = client.service_principals.add(application.app_id).execute_query()
owners = application.owners.get().execute_query()
other = client.applications.add("Another one").execute_query()
every = client.applications.get_all(page_size=1).execute_query()
did = {
    "app_id": application.app_id,
    "found": [item.display_name for item in found],
    "notes": client.applications[application.id].get().execute_query().get_property("notes"),
    "owners": len(owners),
    "principal_of": principal.app_id,
    "secret": bool(secret.value.secretText),
    "listed_by_pages_of_one": len(every),
}
application.remove_password(secret.value.keyId).execute_query()
application.delete_object().execute_query()
other.delete_object().execute_query()
did["left"] = len(client.applications.get().execute_query())
print(json.dumps(did))
