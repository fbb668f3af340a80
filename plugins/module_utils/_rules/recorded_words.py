# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that a recording may hold: words of the services' protocols, and nothing of a tenant.

A recording (`lead_writer_record`) is made to be sent to others, so it is censored by what is allowed, never by what is
forbidden: what is not on this page is replaced by the name of its kind, such as `{guid}` or `{text}`. A word that is
added here is published in every recording, so only words of Microsoft's and of HTTP's public documentation belong here,
and no word that a tenant, a person, a company or an offer could be called.

Sources: Microsoft's reference of Graph v1.0 and of the Dataverse Web API, the error codes of Microsoft Entra, the
schemas of Partner Center's product ingestion API, and RFC 9110, 6749 and 6750.
"""

from __future__ import annotations

from .customer_leads import AZURE_AD, DYNAMICS, HTTPS_ENDPOINT, NONE, OFFICE365, TABLE
from .environment_refusals import ASYNC_DISABLED
from .guids import NIL_GUID
from .lead_licenses import LEAD_PLANS
from .offers import NOT_SERVED
from .password_schedule import NEVER_EXPIRES_POLICY
from .well_known import DYNAMICS_CRM_APPLICATION_ID, ENTERPRISE_APPLICATION_TAG, SAMPLE_CLIENT_ID


def _each(words: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(words.split())


WORDS = _each(
    """
aad about absent accept access account accounts act action actions active activity activitypointer actor actors actual
ad add added addition additional addons address addresses admin administrative administrator advanced after age agent
agents aggregate alert algorithm algorithms alias aliases all allow allowed alternative anchor and annotation
annotations another answer any api apis app append applicable application applications applied applies apply approval
approved apps archive array asc asset assets assign assigned assignment assignments associated association asymmetric
async asynchronous attempt attempts attested attribute attributes audience audiences auth authenticate authentication
authority authorization authorized auto automatic availability available azp azure backend background backing backup
backups bad bap base basic batch be bearer begin behalf behavior behaviors bigint billing binary bind birthday blob
block blocked blocking body bool boolean bound box branding breadcrumb bucket built bulk burst business busy bypass
bytes cache cadence calendar call caller callers can canbe cancel canceled cancelled cannot capabilities capability
capacity category cause causing cdn center central cert certificate certification certified chain change changed
changes channel check checksum child children choices city claim claims class classification clear cleared client
close closed cloud cluster code codes cold collection column columns command comment comments common communications
companion company completed completely completion complexity compliance component components composite compressed
compute concurrency condition conditional conditions config configuration configurations configure conflict
conflicting conflicts connect connected connection connector consent consistency consumed consumption contact
contacted contacts container containers contains content context continuation continue contract control controls
convert cookie core correct correlation cost count countries country county create created creation creator credential
credentials credit critical crm crud current custom customer customers customizable customization customizations
dashboard data database dataverse date day days db deep default defaults definition definitions delay delegate
delegated deletable delete deleted deletion delivered delivery delta denied deny department dependencies dependency
dependent depends deployment depth desc description descriptions destination detail details device devices diagnostic
diagnostics dictionary digest digits direct directories directory disable disabled disco discovery display displayed
distinguished distribution division document documented documents domain domains double draft drafts due duplicate
duration dynamics edit edited edm element elements email emails employee empty enable enabled encryption end ended
endpoint endpoints ends enforced enforcement engagement enrollment enterprise entities entity entry environment
environments eq equal error errors essential event events exact exceeded exception exceptions exchange exclude
excluded exec execution exist existing exists expand expander expected expiration expire expired expires expiry export
extend extended extension extensions external fail failed failure fallback fault faults fax feature features federated
federation field fields file filter filters find finish finished first fix flag flags flow folder forbidden force
forced forest form format formatted forms found fqdn frequency friendly from ftp full function functions future
gateway ge general generally generation geo get given global gone governance government grant granted grants graph
greater group groups gt guest guid guide handle handler hard has hash header headers hi hidden high highest hint hire
history holding home host hosts hot hour hours html http https identifier identities identity ids ignore iis im image
images immutable implemented implicit import importance imported imports in inactive include included incoming index
individual info information informational ingestion inherit inheritance inherited initial initiated inner input ins
install installed instance instances insufficient integer integrated integration intended interaction interactive
interests interface internal interval invalid invitation invite ip issuance issue issued issuer item items job jobs
join joined keep kept key keys kind known label labels language languages large last lasttry later latest latin
latitude layer le lead leads leave legal length less letter level levels library license licensed licenses lifecycle
lifetime limit limits line link linked links list listed listing lists live lo loads local locale localized location
lock lockdown locked log logical login logo logon logout long longitude lookup lower lowest lt mail mailbox mails main
maintenance major maker malformed managed management manager mandatory manifest manual manufacturer many map mapped
mapping marketing marketo marketplace mask master match matching max maximum me media meeting member members
membership memo merge message messages met meta metadata method methods mfa microsoft middle migration min minimum
minor minors minutes missing mixed mobile mode model moderate modified module modules moment money monitor monthly
months move moved mscrm msdyn multi multiple my name named names native navigation ne nearest need needed nested
network never new next nickname no non none normal not notes notice notification notifications notify null nullable
number oauth object objects occurred occurrence odata odb offer offers office offline offset oid old one online only
open openid operation operational operations operator option optional options or order org organization organizations
orgdborg orgs origin original os other out outcome outgoing output overridden override overwrite overwritten own owned
owner owners ownership owning package packages page pages parallel parameter parameters parent parental part partial
participant partition partner passed passport password passwords past patch path pattern pause paused payload pending
per percent percentage period permission permissions person personal phase phone phones photo picklist picture pim
pinpoint pipeline placeholder plan planned plans platform plugin plugins point policies policy pool populated portal
position post postal postpone power pre preauthorized precondition prefer preference preferred prefix premises prepaid
prepare prerequisites presence present preview previous primary principal principals priority privacy private
privilege privileges problem process processed processing product production products profile profiles program
progress project projects promote properties property protected protection protocol provided provider providers
province provision provisioned provisioning proxy prv public publication publish published publisher publishers puid
purge purpose qualified quality query queue queued quota range rate rated ratelimit raw rbac read ready reason receive
received recipient record records recover recovered recovery recurrence recurring redirect reduce reference references
refresh refused regarding region regional regions registered registration registry related relation relationship
relationships relative relay release remaining remote remove removed rename reparent repeat repeatable replace replica
replicated replies reply report reporting reports request requested requests require required requirement requirements
reserve reserved reset resolution resolve resolved resource resources response responses responsibilities restore
restored restrict restricted restriction restrictions result results retain retention retired retrieve retry return
returned revoke revoked ribbon right rights risk risks role roles rollback root rotation route router row rows rule
rules run runner running runtime saas salesforce salesperson salutation same saml sandbox save saved scale scan
scenario schedule scheduled schema schemas school schools scope scopes score script search second secondary seconds
secret section secure security seed segment select selected self send sender sensitivity sent sequence serial serve
server service services session sessions set setting settings setup severity share shared sharing shipped shipping
short show shown side sign signature signed signing since single site sites size skills skip skipped sku skus sla
slice sms snapshot social soft software solution solutions sort sorted source sources sp spa span spec specific
specified spend split ssl sso stack stage staged stages standard start started starting starts state statement
stateorprovince states static status statuscode step steps stock stop stopped storage stored stream street string
strong sts sub subject submission submissions subscribed subscription subscriptions subset subtype succeeded success
successful suffix summary support supported supporting suppress surname suspend suspended switch symbol symbols
symmetric sync synced synchronization synchronize synchronized system table tables tag tags target targets task tasks
team teams technical telephone template templates temporarily temporary tenant tenants terms territory test text than
theme then thread threshold throttle throttled thumbprint ticker ticket tier time timedout timeline timeout times
timestamp timezone title tls toggle token tokens too tool top topic total touched trace tracking transaction
transactioncurrency transfer transient transition transitive transport traversed tree trial trigger truncated trust
trusted type types ui unauthenticated unauthorized unavailable unblock undo uninstall union unique unit units
universal unknown unlicensed unlimited unlocked unmanaged unpublished unsupported until unused unverified update
updated updates upgrade upload uploads upn upper ups uri uris url urls usable usage use used user users utc
utcconversion uuid valid validate validated validation validations validity value values variable variables variant
vault vendor verification verified verify version versions via view views violation virtual visibility visible visual
vm wait waiting warm warning warnings weak web website week weekly welcome when window windows with withdrawn without
wizard work workflow workflows working workload workspace write written xml xrm yammer year yearly years yomi zone
"""
)
"""The words that names of properties, actions, tables and error codes are made of.

A name that is made of them alone is Microsoft's, or shows no more than these words. A tenant's own names have other
words in them: Dataverse prefixes every custom column, and Graph every extension, with the publisher's name.
"""

SMALLEST_PART = 3
"""Letters of a word inside a name without capitals: shorter words would add up to nearly anything."""

SHORT_PARTS = frozenset({"id", "is", "on", "by", "of", "to", "in", "at", "for", "as"})
"""The shorter words that such names do have, as in `createdonbehalfby`."""

NAMES = frozenset(
    {
        # Settings of an organization
        *_each("orgdborgsettings enableipbasedfirewallrule enableipbasedfirewallruleinauditmode"),
        *_each("allowediprangeforfirewall allowapplicationuseraccess allowmicrosofttrustedservicetags"),
        # OAuth 2.0, OpenID Connect and Microsoft Entra's additions to them
        *_each("access_token client_assertion client_assertion_type client_id client_info client_secret"),
        *_each("correlation_id"),
        *_each("device_code error_codes error_description error_uri expires_in expires_on ext_expires_in grant_type"),
        *_each("id_token not_before redirect_uri refresh_in refresh_token resource_id response_type token_type"),
        *_each("trace_id"),
        *_each("foci scope suberror mi_res_id msi_res_id object_id"),
        *_each("authorization_endpoint claims_supported check_session_iframe cloud_graph_host_name"),
        *_each("cloud_instance_host_name cloud_instance_name device_authorization_endpoint end_session_endpoint"),
        *_each("frontchannel_logout_supported http_logout_supported id_token_signing_alg_values_supported issuer"),
        *_each("jwks_uri kerberos_endpoint mtls_endpoint_aliases msgraph_host preferred_cache preferred_network"),
        *_each("rbac_url request_uri_parameter_supported response_modes_supported response_types_supported"),
        *_each("scopes_supported subject_types_supported tenant_discovery_endpoint tenant_region_scope"),
        *_each("tenant_region_sub_scope token_endpoint token_endpoint_auth_methods_supported userinfo_endpoint"),
        *_each("tls_client_certificate_bound_access_tokens api-version x-client-SKU x-client-Ver x-client-OS"),
        *_each("account_type cloud_audience_urn domain_name federation_protocol ver xms_az_nwperimid"),
        *_each("microsoft_graph_host pi.flow.supported"),
        # OData
        *_each("@odata.context @odata.count @odata.deltaLink @odata.editLink @odata.etag @odata.id @odata.nextLink"),
        *_each("@odata.type @nextLink $schema $ref $id $value $version odata.metadata odata.error"),
        *_each("$apply $batch $count $deltatoken $expand $filter $orderby $search $select $skip $skiptoken $top"),
        *_each("@Microsoft.Dynamics.CRM.totalrecordcount @Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"),
        *_each("@Microsoft.Dynamics.CRM.globalmetadataversion @Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus"),
        *_each("@Microsoft.PowerApps.CDS.ErrorDetails.SubErrorCode @Microsoft.PowerApps.CDS.HelpLink"),
        *_each("@Microsoft.PowerApps.CDS.InnerError.Message @Microsoft.PowerApps.CDS.TraceText"),
        # Microsoft Graph and Power Platform
        *_each("request-id client-request-id microsoft.BusinessAppPlatform microsoft.CommonDataModel"),
        *_each("microsoft.Flow microsoft.PowerApps microsoft.PowerAppsAdvisor microsoft.PowerVirtualAgents"),
        *_each("microsoft.ApiManagement onPremisesSamAccountName"),
        # Dataverse
        *_each("entityimage entityimage_timestamp entityimage_url mspp_userid traversedpath"),
        *_each("utcconversiontimezonecode"),
        *_each("systemuserroles_association teamroles_association teammembership_association user_settings"),
        *_each("systemuserprofiles_association roleprivileges_association role_parent_root_role role_parent_role"),
        *_each("business_unit_system_users business_unit_roles business_unit_parent_business_unit"),
        *_each("organization_roles solution_role lk_systemuser_createdby RolePrivileges msdyn_gdproptout"),
        *_each("solution_solutioncomponent publisher_solution userentityinstancedata uiaddressid"),
        *_each("isemailaddressapprovedbyo365admin parametersbase64 passporthi passportlo datablobid_name"),
        "_workflowactivationid_value",
        *_each("caltype acrs amr ctry ipaddr unique_name wids xms_tcdt xms_mirid xms_ftd xms_idrel uti rh aio"),
    }
)
"""Names of properties and of query parameters that are not made of the words above, or not of these alone."""

ANNOTATIONS = frozenset(
    {
        *_each("odata.type odata.bind odata.count odata.nextLink odata.associationLink odata.navigationLink"),
        *_each("odata.context odata.etag odata.id odata.mediaContentType odata.mediaEditLink odata.mediaReadLink"),
        *_each("odata.mediaEtag Microsoft.Dynamics.CRM.associatednavigationproperty delta"),
        *_each("Microsoft.Dynamics.CRM.lookuplogicalname OData.Community.Display.V1.FormattedValue"),
    }
)
"""What follows the name of a property and `@`."""

SEGMENTS = frozenset(
    {
        # Sign-in, and the endpoint of a managed identity
        *_each("common organizations consumers oauth2 v2.0 token authorize devicecode .well-known"),
        *_each("openid-configuration discovery instance userrealm keys metadata identity msi tokens kerberos"),
        # Microsoft Graph
        *_each("v1.0 beta applications servicePrincipals users groups domains organization subscribedSkus policies"),
        *_each("directory deletedItems restore addPassword removePassword owners ownedObjects memberOf"),
        *_each("transitiveMemberOf assignLicense licenseDetails manager appRoleAssignments appRoleAssignedTo"),
        *_each("oauth2PermissionGrants federatedIdentityCredentials directoryRoles roleManagement"),
        *_each("roleAssignments roleDefinitions defaultAppManagementPolicy appManagementPolicies"),
        *_each("identitySecurityDefaultsEnforcementPolicy authorizationPolicy conditionalAccess"),
        *_each("microsoft.graph.application microsoft.graph.user microsoft.graph.servicePrincipal"),
        *_each("microsoft.graph.group microsoft.graph.directoryRole microsoft.graph.administrativeUnit me"),
        *_each("changePassword password passwordMethods authentication methods resetPassword directoryObjects"),
        *_each("$batch $count $ref $value $metadata"),
        # Dataverse
        *_each("api data v9.0 v9.1 v9.2 systemusers roles roleprivileges privileges businessunits solutions"),
        *_each("solutioncomponents publishers importjobs asyncoperations leads teams organizations accounts"),
        *_each("contacts applicationusers EntityDefinitions Attributes dependencies solutionhistories"),
        *_each("msdyn_solutionhistories solutioncomponentdefinitions stagesolutionuploads WhoAmI"),
        *_each("ImportSolution ImportSolutionAsync StageSolution StageAndUpgrade StageAndUpgradeAsync"),
        *_each("DeleteAndPromote DeleteAndPromoteAsync UninstallSolutionAsync RetrieveSolutionImportResult"),
        *_each("RetrieveDependenciesForUninstall RetrieveMissingComponents RetrieveMissingDependencies"),
        *_each("RetrieveRolePrivilegesRole RetrieveCurrentOrganization RetrieveVersion RetrieveOrganizationInfo"),
        *_each("Microsoft.Dynamics.CRM.AddPrivilegesRole Microsoft.Dynamics.CRM.ReplacePrivilegesRole"),
        *_each("Microsoft.Dynamics.CRM.RemovePrivilegeRole Microsoft.Dynamics.CRM.RetrieveUserPrivileges"),
        *_each("Microsoft.Dynamics.CRM.RetrieveUserPrivilegeByPrivilegeName"),
        *_each("Microsoft.Dynamics.CRM.RetrieveUserPrivilegeByPrivilegeId"),
        *_each("Microsoft.Dynamics.CRM.RetrieveUserSetOfPrivilegesByNames"),
        *_each("Microsoft.Dynamics.CRM.RetrieveUserSetOfPrivilegesByIds"),
        *_each("Microsoft.Dynamics.CRM.RetrieveAadUserRoles Microsoft.Dynamics.CRM.RetrieveAadUserPrivileges"),
        *_each("Microsoft.Dynamics.CRM.RetrieveAadUserSetOfPrivilegesByNames"),
        *_each("Microsoft.Dynamics.CRM.RetrieveAadUserSetOfPrivilegesByIds RetrievePrivilegeSet"),
        *_each("systemuserroles_association teamroles_association teammembership_association"),
        *_each("systemuserprofiles_association roleprivileges_association user_settings"),
        # Power Platform
        *_each("providers Microsoft.BusinessAppPlatform scopes admin environments addUser adminApplications"),
        *_each("modifyRoleAssignments lifecycleOperations getEnvironmentById"),
        # Partner Center
        *_each("rp product-ingestion product resource-tree configure status submission listing"),
        *_each("customer-leads plan price-and-availability-offer property setup"),
    }
)
"""The parts of paths; everything else in a path is an id or a name."""

QUERY_WORDS = frozenset(
    {
        *_each("and or not eq ne gt ge lt le in any all has startswith endswith contains tolower toupper trim"),
        *_each("cast isof null true false asc desc draft preview live"),
    }
)
"""The words of expressions in queries that are no names of properties."""

VERSIONS_OF_APIS = frozenset(
    {
        *_each("2022-07-01 2022-03-01-preview2 2022-03-01-preview3 2022-03-01-preview4 2022-03-01-preview5"),
        *_each("2023-06-01 2021-04-01 2020-10-01 2016-11-01 2018-02-01 2019-08-01 2017-09-01 2020-06-01 1.0 1.1"),
    }
)
"""Versions by which a request or a schema names the interface that it means."""

GUIDS = {
    NIL_GUID: "nil",
    DYNAMICS_CRM_APPLICATION_ID: "Dynamics CRM",
    SAMPLE_CLIENT_ID: "Microsoft's samples",
    "00000003-0000-0000-c000-000000000000": "Microsoft Graph",
    "00000002-0000-0000-c000-000000000000": "Azure AD Graph",
    "78ce3f0f-a1ce-49c2-8cde-64b5c0896db4": "Dynamics CRM user_impersonation",
    "627090ff-40a3-4053-8790-584edc5be201": "System Administrator",
    "fd140aaf-4df4-11dd-bd17-0019b9312238": "default solution",
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46": "Azure CLI",
}
"""Ids that Microsoft gave and that are the same in every tenant, each with what it is the id of."""

INTEGERS = frozenset(
    {
        *_each("accessmode accessright AccessRight azurestate caltype componentstate componenttype ComponentType"),
        *_each("deletedstate dependencytype DependencyType dependentcomponenttype requiredcomponenttype depth Depth"),
        *_each("emailrouteraccessapproval errorlevel identitytype incomingemaildeliverymethod isinherited"),
        *_each("invitestatuscode leadqualitycode leadsourcecode operationtype outgoingemaildeliverymethod"),
        *_each("ownershiptype preferredaddresscode preferredemailcode preferredphonecode privilegedepthmask"),
        *_each("prioritycode rootcomponentbehavior rootcomponenttype salesstagecode solutiontype state statecode"),
        *_each("status statuscode suboperation substatus teamtype userlicensetype msdyn_operation"),
        *_each("msdyn_suboperation msdyn_status msdyn_isoverwritecustomizations"),
    }
)
"""Properties whose numbers are an enumeration of the protocol."""

LARGEST_ENUMERATION = 999
"""Numbers of a publisher's own choices begin at 10,000 times the prefix that it chose, so they are far above this."""

TEXTS: dict[str, frozenset[str]] = {
    name: _each(values)
    for name, values in {
        "access": "Basic Local Deep Global",
        "allowedMemberTypes": "User Application",
        "alg": "RS256 PS256 none",
        "appliesTo": "User Company",
        "account_type": "Managed Federated Unknown",
        "authentication": f"{AZURE_AD} {OFFICE365}",
        "capabilityStatus": "Enabled Warning Suspended Deleted LockedOut",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "authenticationType": "Managed Federated",
        "backgroundOperationsState": "Enabled Disabled",
        "clientAppTypes": "all browser mobileAppsAndDesktopClients exchangeActiveSync other easSupported",
        "consentType": "AllPrincipals Principal",
        "databaseType": "CommonDataService None",
        "Depth": "Basic Local Deep Global",
        "disabledByMicrosoftStatus": "NotDisabled DisabledDueToViolationOfServicesAgreement",
        "environmentSku": "Production Sandbox Trial Developer Default Teams SubscriptionBasedTrial Platform",
        "environmentType": "Production Sandbox Trial Developer Default Teams NotSpecified",
        "grant_type": "client_credentials password refresh_token urn:ietf:params:oauth:grant-type:device_code",
        "includeUsers": "All None GuestsOrExternalUsers",
        "includeApplications": "All None Office365 MicrosoftAdminPortals",
        "includeServicePrincipals": "ServicePrincipalsInMyTenant None",
        "instanceState": "Ready NotReady Pending Provisioning Failed",
        "IsPresentInOrg": "Yes No Unknown",
        "keyManagedBy": "Microsoft Customer",
        "jobResult": "pending succeeded failed cancelled",
        "jobStatus": "notStarted running completed",
        "kind": "azureApplication azureContainer azureSaaS azureVirtualMachine containerApp softwareAsAService",
        "leadDestination": f"{NONE} {DYNAMICS} {HTTPS_ENDPOINT} {TABLE} email marketo salesforce blob",
        "level": "error warning informational",
        "lifecycleState": "generallyAvailable deprecated deleted",
        "linkedEnvironmentType": "Dynamics365Instance NotSpecified",
        "messagename": "ImportSolutionAsync StageAndUpgradeAsync DeleteAndPromoteAsync UninstallSolutionAsync",
        "namespace_type": "Managed Federated Unknown",
        "NameSpaceType": "Managed Federated Unknown",
        "passwordPolicies": f"{NEVER_EXPIRES_POLICY} DisableStrongPassword None",
        "protectionLevel": "Basic Standard",
        "preferredSingleSignOnMode": "password saml notSupported oidc",
        "provisioningState": "Succeeded Failed Running Creating Deleting LinkedDatabaseProvisioning",
        "provisioningStatus": "Success Disabled PendingInput PendingActivation PendingProvisioning Error",
        "restrictionType": (
            "passwordAddition passwordLifetime customPasswordAddition symmetricKeyAddition symmetricKeyLifetime "
            "asymmetricKeyLifetime trustedCertificateAuthority audiences nonDefaultUriAddition unknownFutureValue"
        ),
        "result": "pending succeeded failed cancelled success failure warning",
        "runtimeState": "Enabled Disabled NotSpecified",
        "servicePrincipalType": "Application ManagedIdentity Legacy SocialIdp",
        "signInAudience": (
            "AzureADMyOrg AzureADMultipleOrgs AzureADandPersonalMicrosoftAccount PersonalMicrosoftAccount"
        ),
        "servicePlanName": " ".join(LEAD_PLANS),
        "skuPartNumber": " ".join(LEAD_PLANS),
        "SolutionValidationResultType": "Error Warning Information",
        "state": "enabled disabled enabledForReportingButNotEnforced active inactive Active Assigned Error None Ready",
        "status": "notStarted running completed pending succeeded failed cancelled",
        "tags": f"{ENTERPRISE_APPLICATION_TAG} HideApp",
        "targetType": "draft preview live",
        "token_type": "Bearer pop mtls_pop",
        "StageSolutionStatus": "Passed Failed Warning",
        "type": (
            "Scope Role User Admin ServicePrincipal Application Group Tenant azureSaaS azureContainer "
            f"azureVirtualMachine softwareAsAService containerApp coreVirtualMachine {' '.join(NOT_SERVED)}"
        ),
        "userType": "Member Guest",
        "uniquename": "MicrosoftMarketplacesLeadIntegrationSolution",
        "UniqueName": "MicrosoftMarketplacesLeadIntegrationSolution",
        "SolutionName": "MicrosoftMarketplacesLeadIntegrationSolution",
        "solutionname": "MicrosoftMarketplacesLeadIntegrationSolution",
        "SolutionUniqueName": "MicrosoftMarketplacesLeadIntegrationSolution",
        # Permissions of Microsoft Graph and of Dynamics CRM.
        "value": (
            "user_impersonation AppRegistration.Create AppRoleAssignment.ReadWrite.All Application.Read.All "
            "Application.ReadWrite.All Application.ReadWrite.OwnedBy DelegatedPermissionGrant.Read.All "
            "DelegatedPermissionGrant.ReadWrite.All Directory.Read.All Directory.ReadWrite.All Domain.Read.All "
            "LicenseAssignment.Read.All LicenseAssignment.ReadWrite.All Organization.Read.All "
            "Organization.ReadWrite.All PasswordProfile.ReadWrite.All Policy.Read.All "
            "Policy.ReadWrite.ApplicationConfiguration Policy.ReadWrite.ConditionalAccess "
            "Policy.ReadWrite.SecurityDefaults RoleManagement.Read.Directory User.Create "
            "User.EnableDisableAccount.All User.Read User.Read.All User.ReadWrite.All"
        ),
        "scope": "user_impersonation User.Read openid profile offline_access email",
    }.items()
}
"""Properties whose texts are an enumeration of the protocol, or a public name of Microsoft's, each with these."""

CODES = frozenset(
    {"error_codes", "code", "Code", "errorCode", "ErrorCode", "errorcode", "suberror", "subCode", "SubCode"}
)
"""Properties that hold an error's code; of texts, `error` holds one too."""

NAMES_IN_TEXTS = frozenset(
    {
        *_each("ManagedPropertyLogicalName logicalname LogicalName ComponentTypeName primaryentitytype target"),
        "@Microsoft.Dynamics.CRM.lookuplogicalname",
    }
)
"""Properties that name a property or a table, whose names are judged as those of properties are."""

ERROR_TEXTS = frozenset(
    {
        *_each("message Message description Description detail Detail details Details title Title error_description"),
        *_each("errortext ErrorText friendlymessage messages Messages stacktrace Status StatusText"),
        *_each("@Microsoft.PowerApps.CDS.InnerError.Message @Microsoft.PowerApps.CDS.TraceText"),
    }
)
"""Properties in which a known phrase of a service may be kept; the text around it never is."""

PHRASES = (
    ASYNC_DISABLED,
    "already exists",
    "deprecated schema",
    "does not exist",
    "does not have permission",
    "has been locked",
    "insufficient privileges",
    "invalid usage location",
    "is disabled",
    "is not supported",
    "local tenant",
    "not found",
    "specified user",
    "too many requests",
    "uniqueName",
    "usernotlicensed",
    "usernotpartofsecuritygroup",
)
"""Phrases of the services' messages that the collection depends on, or that distinguish two refusals with the same
code."""

METHODS = _each("GET HEAD POST PUT PATCH DELETE OPTIONS")

MEDIA_TYPES = frozenset(
    {
        *_each("application/json application/xml application/octet-stream application/problem+json"),
        *_each("application/x-www-form-urlencoded application/zip application/x-zip-compressed text/html"),
        *_each("text/plain text/xml multipart/mixed"),
    }
)

HEADER_WORDS = frozenset(
    {
        *METHODS,
        *_each("application/json */* * null 4.0 4.01 Strong eventual return=representation return=minimal"),
        *_each("create-if-missing respond-async odata.continue-on-error odata.allow-entityreferences"),
        *_each("odata.track-changes odata.metadata=minimal odata.metadata=full odata.metadata=none"),
        *_each("odata.streaming=true IEEE754Compatible=true IEEE754Compatible=false charset=utf-8 true false"),
        'odata.include-annotations="*"',
        "odata.include-annotations=*",
        *_each("no-cache no-store no-transform private public must-revalidate keep-alive close chunked gzip"),
    }
)
"""What headers may hold, piece by piece."""

SENT_HEADERS = (
    *("Accept", "Content-Type", "Consistency", "ConsistencyLevel", "If-Match", "If-None-Match", "Metadata"),
    *("OData-MaxVersion", "OData-Version", "Prefer", "MSCRM.BypassCustomPluginExecution", "MSCRM.SolutionUniqueName"),
    *("MSCRM.SuppressDuplicateDetection", "X-Ms-Source", "return-client-request-id"),
)
"""The headers of a request that are recorded."""

RECEIVED_HEADERS = (
    *("Allow", "Cache-Control", "Content-Encoding", "Content-Type", "Date", "ETag", "Location", "OData-EntityId"),
    *("OData-Version", "Preference-Applied", "REQ_ID", "Retry-After", "WWW-Authenticate", "client-request-id"),
    *("request-id", "x-ms-correlation-request-id", "x-ms-request-id", "x-ms-service-request-id"),
    *("x-ms-ratelimit-burst-remaining-xrm-requests", "x-ms-ratelimit-time-remaining-xrm-requests"),
    *("x-ms-throttle-information", "x-ms-throttle-limit-percentage", "x-ms-throttle-scope"),
    *("x-ms-resource-unit", "x-ms-httpver", "x-ms-dop-hint"),
)
"""The headers of an answer that are recorded."""

SCHEMES = frozenset({"Basic", "Bearer", "Digest", "NTLM", "Negotiate", "PoP"})
"""The ways to sign in that a challenge can ask for."""

CHALLENGE_PARAMETERS = frozenset(
    {
        *_each("authorization_uri authorization client_id resource_id realm claims error error_description scope"),
        *_each("trusted_issuers nonce qop algorithm opaque"),
    }
)
"""The parameters of a challenge; of `error` the value is recorded too."""

RESOURCES = frozenset(
    {
        *_each("product customer-leads submission plan listing property job configure offer-listing"),
        *_each("price-and-availability-offer price-and-availability-plan listing-asset resource-tree"),
        *_each("software-as-a-service-technical-configuration reseller lead-destination test-drive setup"),
    }
)
"""Kinds of resources by which Partner Center's ids and schemas begin."""

BROKEN = frozenset(
    {
        *_each("BrokenPipeError ConnectTimeout ConnectTimeoutError ConnectionAbortedError ConnectionError"),
        *_each("ConnectionRefusedError ConnectionResetError ChunkedEncodingError ContentDecodingError"),
        *_each("DecodeError IncompleteRead InvalidChunkLength InvalidURL LocationParseError NameResolutionError"),
        *_each("NewConnectionError OSError ProtocolError ProxyError ReadTimeout ReadTimeoutError"),
        *_each("RemoteDisconnected SSLCertVerificationError SSLEOFError SSLError SSLZeroReturnError TimeoutError"),
        *_each("gaierror timeout"),
    }
)
"""How a connection can break, by the class of the error; any other is `other`."""
