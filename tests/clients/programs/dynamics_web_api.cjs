// Copyright (c) 2026, marketplace_leads.dynamics365 contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// All that dynamics-web-api does with rows, references, batches and definitions. Its own code uses the proxy.
const { ClientSecretCredential } = require("@azure/identity");
const { DynamicsWebApi } = require("dynamics-web-api");

async function refusal(promise) {
  try {
    return ["accepted", await promise];
  } catch (error) {
    return Array.isArray(error) ? ["batch", error.map((item) => item.status ?? 200)] : ["refused", error.status];
  }
}

async function main(given) {
  const credential = new ClientSecretCredential(given.tenant, given.client, given.secret);
  const api = new DynamicsWebApi({
    serverUrl: given.url,
    dataApi: { version: "9.2" },
    onTokenRefresh: async () => (await credential.getToken(`${given.url}/.default`)).token,
  });
  const did = {};
  const account = await api.create({ collection: "accounts", data: { name: "One", telephone1: "1" } });
  const contact = await api.create({ collection: "contacts", data: { lastname: "Doe" } });
  const row = (select) => api.retrieve({ collection: "accounts", key: account, select });

  const relation = { collection: "accounts", primaryKey: account, relationshipName: "contact_customer_accounts" };
  await api.associate({ ...relation, relatedCollection: "contacts", relatedKey: contact });
  const expand = [{ property: "contact_customer_accounts", select: ["lastname"] }];
  const many = async () =>
    (await api.retrieve({ collection: "accounts", key: account, select: ["name"], expand })).contact_customer_accounts;
  did.associated = (await many()).map((item) => item.lastname);
  await api.disassociate({ ...relation, relatedKey: contact });
  did.disassociated = await many();

  const single = { collection: "contacts", primaryKey: contact, navigationProperty: "parentcustomerid_account" };
  await api.associateSingleValued({ ...single, relatedCollection: "accounts", relatedKey: account });
  did.looked_up = (await api.retrieve({ collection: "contacts", key: contact }))._parentcustomerid_value === account;
  await api.disassociateSingleValued(single);

  await api.updateSingleProperty({ collection: "accounts", key: account, fieldValuePair: { telephone1: "2" } });
  did.property = (await row(["telephone1"])).telephone1;
  await api.deleteRecord({ collection: "accounts", key: account, fieldName: "telephone1" });
  did.emptied = (await row(["telephone1"])).telephone1;

  const changed = await api.update({ collection: "accounts", key: account, data: { name: "Two" }, returnRepresentation: true });
  const stale = api.update({ collection: "accounts", key: account, data: { name: "X" }, ifmatch: 'W/"1"' });
  did.changed = [changed.name, await refusal(stale)];

  api.startBatch();
  api.create({ collection: "leads", data: { lastname: "Batch" }, contentId: "1" });
  api.retrieveMultiple({ collection: "accounts", select: ["name"] });
  did.batch = (await api.executeBatch()).length;
  api.startBatch();
  api.retrieve({ collection: "accounts", key: "00000000-0000-4000-8000-000000000000" });
  api.retrieveMultiple({ collection: "accounts" });
  did.failed_batch = await refusal(api.executeBatch());

  const listed = await api.retrieveMultiple({
    collection: "leads", select: ["lastname"], filter: "lastname eq 'Batch'", orderBy: ["lastname"], count: true,
  });
  did.listed = [listed.oDataCount, listed.value.map((item) => item.lastname)];
  const organization = await api.callFunction({
    name: "RetrieveCurrentOrganization",
    parameters: { AccessType: "Microsoft.Dynamics.CRM.EndpointAccessType'Default'" },
  });
  did.organization = organization.Detail.TenantId === given.tenant;
  did.me = Boolean((await api.callFunction({ name: "WhoAmI" })).UserId);

  const tables = await api.retrieveEntities({ select: ["LogicalName"], filter: "LogicalName eq 'account'" });
  did.tables = tables.value.map((item) => item.LogicalName);
  const relationships = await api.retrieveRelationships({
    castType: "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
    select: ["SchemaName"],
    filter: "SchemaName eq 'contact_customer_accounts'",
  });
  did.relationships = relationships.value.map((item) => item.SchemaName);
  const columns = await api.retrieveAttributes({
    entityKey: tables.value[0].MetadataId,
    castType: "Microsoft.Dynamics.CRM.LookupAttributeMetadata",
    select: ["LogicalName"],
  });
  did.columns = columns.value.some((item) => item.LogicalName === "primarycontactid");
  did.option_sets = (await api.retrieveGlobalOptionSets()).value.map((item) => item.Name);
  await api.deleteRecord({ collection: "accounts", key: account });
  did.left = (await refusal(row(["name"])))[1];
  return did;
}

main(JSON.parse(require("node:fs").readFileSync(0, "utf-8"))).then((did) => console.log(JSON.stringify(did)));
