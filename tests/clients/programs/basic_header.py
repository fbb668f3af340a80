# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows with dynamics-client, whose sign-in sends the credential in the header `Authorization: Basic`."""

import json
import sys

from dynamics import DynamicsClient, ftr

given = json.load(sys.stdin)
client = DynamicsClient(
    api_url=f"{given['url']}/api/data/v9.2",
    token_url=f"https://login.microsoftonline.com/{given['tenant']}/oauth2/v2.0/token",
    client_id=given["client"],
    client_secret=given["secret"],
    scope=[f"{given['url']}/.default"],
    cache_token=False,
    connection_timeout=30,
)
me = client.functions.whoami()
client.reset_query()
for name in ("Doe", "Roe", "Poe"):
    client.table = "leads"
    client.post(data={"lastname": name})
client.reset_query()
client.table = "leads"
client.select = ["lastname"]
client.filter = [ftr.contains("lastname", "oe")]
client.orderby = {"lastname": "asc"}
client.expand = {"owninguser": {"select": ["fullname"]}}
client.pagesize = 2
listed = client.get(pagination_rules={"pages": 5})
one = listed.data[0]["leadid"]
client.reset_query()
client.table = "leads"
client.row_id = one
changed = client.patch(data={"firstname": "Jane"})
client.delete()
client.reset_query()
client.table = "leads"
client.select = ["lastname"]
left = client.get()
print(
    json.dumps(
        {
            "me": bool(me.data[0]["UserId"]),
            "listed": [(row["lastname"], row["owninguser"]["fullname"]) for row in listed.data],
            "changed": changed.data["fullname"],
            "left": sorted(row["lastname"] for row in left.data),
        }
    )
)
