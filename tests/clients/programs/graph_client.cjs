// Copyright (c) 2026, marketplace_leads.dynamics365 contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// An application from its registration to its removal, with Microsoft's client for Graph and its identity library.
// Node's own fetch reads no proxy from the environment before Node 24, so undici is configured to.
const { ClientSecretCredential } = require("@azure/identity");
const { Client, PageIterator } = require("@microsoft/microsoft-graph-client");
const { TokenCredentialAuthenticationProvider } = require(
  "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials",
);
const { EnvHttpProxyAgent, setGlobalDispatcher, fetch } = require("undici");

setGlobalDispatcher(new EnvHttpProxyAgent());
globalThis.fetch = fetch;

async function main(given) {
  const credential = new ClientSecretCredential(given.tenant, given.client, given.secret);
  const authProvider = new TokenCredentialAuthenticationProvider(credential, {
    scopes: ["https://graph.microsoft.com/.default"],
  });
  const graph = Client.initWithMiddleware({ authProvider });
  const made = [];
  for (const name of ["JavaScript 1", "JavaScript 2"]) {
    made.push(await graph.api("/applications").post({ displayName: name }));
  }
  const listed = await graph
    .api("/applications")
    .header("ConsistencyLevel", "eventual")
    .filter("startswith(displayName,'JavaScript')")
    .orderby("displayName desc")
    .count(true)
    .select(["displayName"])
    .get();
  let pages = 0;
  const first = await graph.api("/applications").top(1).get();
  await new PageIterator(graph, first, () => (pages += 1) > 0).iterate();
  const one = `/applications/${made[0].id}`;
  await graph.api(one).patch({ notes: "changed" });
  const secret = await graph.api(`${one}/addPassword`).post({ passwordCredential: { displayName: "x" } });
  const notes = (await graph.api(one).select("notes").get()).notes;
  const batched = await graph.api("/$batch").post({
    requests: [
      { id: "1", method: "GET", url: one },
      { id: "2", method: "GET", url: "/applications/00000000-0000-4000-8000-000000000000" },
    ],
  });
  const statuses = batched.responses.sort((a, b) => a.id.localeCompare(b.id)).map((item) => item.status);
  for (const item of made) await graph.api(`/applications/${item.id}`).delete();
  const left = await graph.api(one).get().then(() => 200, (error) => error.statusCode);
  return {
    listed: listed.value.map((item) => item.displayName),
    counted: listed["@odata.count"],
    pages,
    notes,
    secret: Boolean(secret.secretText),
    batched: statuses,
    left,
  };
}

main(JSON.parse(require("node:fs").readFileSync(0, "utf-8"))).then((did) => console.log(JSON.stringify(did)));
