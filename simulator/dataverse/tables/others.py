# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The other tables of an environment: they exist for their privileges, and have plain rows."""

from __future__ import annotations

from ..schema import AUDIT, OWNER, Ownership, Table, columns

#: `logical name, schema name, entity set, type code, ownership [rights] [levels]`, the privileges' noun being the
#: schema name. Ownership: u(ser), b(usiness unit), o(rganization). Rights by their first letters, all by default:
#: Create, Read, Write, Delete, aPpend, append To, Assign, Share. Levels of the privileges: B, L, D, G, followed by
#: those of single rights that differ, such as `BLDG,CWPT=BG,RD=G`.
_PLATFORM = """
actioncard ActionCard actioncards 9962 u CRWDPTA
expiredprocess ExpiredProcess expiredprocesses 955 o
importfile ImportFile importfiles 4412 u
languagelocale LanguageLocale languagelocale 9957 o
newprocess NewProcess newprocesses 950 o
sdkmessageprocessingstepimage SdkMessageProcessingStepImage sdkmessageprocessingstepimages 4615 o CRWD
translationprocess TranslationProcess translationprocesses 951 o
activitypointer Activity activitypointers 4200 u
annotation Note annotations 5 u
appmodule AppModule appmodules 9300 o
appointment Appointment appointments 4201 u CRWDPTAS
attachment ActivityMimeAttachment activitymimeattachments 1001 o CRWD
audit Audit audits 4567 o RD
bookableresource BookableResource bookableresources 1150 u
bulkdeleteoperation BulkDelete bulkdeleteoperations 4424 u
calendar Calendar calendars 4003 o CRWDPT LDG
connection Connection connections 3234 u
connectionreference connectionreference connectionreferences 10132 u
connectionrole ConnectionRole connectionroles 3231 o
customeraddress CustomerAddress customeraddresses 1071 o CRWDS
customapi CustomAPI customapis 10043 u
documenttemplate DocumentTemplate documenttemplates 9940 o
duplicaterule DuplicateRule duplicaterules 4414 u
email Email emails 4202 u
emailserverprofile EmailServerProfile emailserverprofiles 9605 u CRWDPTAS G
environmentvariabledefinition EnvironmentVariableDefinition environmentvariabledefinitions 380 u
environmentvariablevalue EnvironmentVariableValue environmentvariablevalues 381 u
fax Fax faxes 4204 u
feedback Feedback feedback 9987 u
fieldsecurityprofile FieldSecurityProfile fieldsecurityprofiles 1200 o
import Import imports 4410 u
importmap ImportMap importmaps 4411 u
kbarticle Article kbarticles 127 o
knowledgearticle KnowledgeArticle knowledgearticles 9953 u
letter Letter letters 4207 u
mailbox Mailbox mailboxes 9606 u
mailmergetemplate MailMergeTemplate mailmergetemplates 9106 u
mobileofflineprofile MobileOfflineProfile mobileofflineprofiles 9866 o CRWDPTAS
pluginassembly PluginAssembly pluginassemblies 4605 o CRWD
pluginpackage pluginpackage pluginpackages 10150 o
plugintracelog PluginTraceLog plugintracelogs 4619 o CRD
plugintype PluginType plugintypes 4602 o CRWDPT
phonecall PhoneCall phonecalls 4210 u
position Position positions 50 o
post Post posts 8000 o CRDPT
processsession WorkflowSession processsessions 4710 u
queue Queue queues 2020 u
queueitem QueueItem queueitems 2029 o
recurringappointmentmaster RecurringAppointment recurringappointmentmasters 4251 u
report Report reports 9100 u
savedquery Query savedqueries 1039 o CRWD
sdkmessage SdkMessage sdkmessages 4606 o CRWDPT
sdkmessageprocessingstep SdkMessageProcessingStep sdkmessageprocessingsteps 4608 o CRWDT
serviceendpoint ServiceEndpoint serviceendpoints 4618 o CRWD
sharepointdata SharePointData sharepointdatas 9509 o
sharepointdocument SharePointDocument sharepointdocuments 9507 o CRWDPTA BG,RD=G,A=BLDG
sharepointdocumentlocation SharePointDocumentLocation sharepointdocumentlocations 9508 u CRWDPTAS BLDG,CWPT=BG,RD=G
sharepointsite SharePointSite sharepointsites 9502 u CRWDPTAS BLDG,CRWDP=LDG
sla SLA slas 9750 u
socialprofile SocialProfile socialprofiles 99 u
stagesolutionupload StageSolutionUpload stagesolutionuploads 10090 u
subject Subject subjects 129 o
systemform SystemForm systemforms 1030 o CRWD
task Task tasks 4212 u
template EmailTemplate templates 2010 u
territory Territory territories 2013 o
transactioncurrency TransactionCurrency transactioncurrencies 9105 o
userentityuisettings UserEntityUISettings userentityuisettingscollection 2500 u CRWDS B
userform UserForm userforms 1031 u CRWDAS B,A=BG
userquery UserQuery userqueries 4230 u CRWDAS B
userqueryvisualization UserChart userqueryvisualizations 1112 u CRWDAS B,A=BG
usersettings UserSettings usersettingscollection 150 u CRWDT LDG
virtualentitymetadata VirtualEntityMetadata virtualentitymetadatas 10151 o
webresource WebResource webresourceset 9333 o
workflow Workflow workflows 4703 u
"""

_SALES = """
campaign Campaign campaigns 4400 u
campaignresponse CampaignResponse campaignresponses 4401 u
competitor Competitor competitors 123 o
contract Contract contracts 1010 u
discounttype DiscountType discounttypes 1080 o
goal Goal goals 9600 u
incident Incident incidents 112 u
invoice Invoice invoices 1090 u
list List lists 4300 u
opportunity Opportunity opportunities 3 u
pricelevel PriceLevel pricelevels 1022 o
product Product products 1024 o
quote Quote quotes 1084 u
salesorder Order salesorders 1088 u
salesliterature SalesLiterature salesliteratures 1038 o
"""

_RIGHTS = {
    "C": "Create",
    "R": "Read",
    "W": "Write",
    "D": "Delete",
    "P": "Append",
    "T": "AppendTo",
    "A": "Assign",
    "S": "Share",
}
_OWNERSHIPS: dict[str, Ownership] = {"u": "user", "b": "business", "o": "organization"}
#: The rights of each kind of ownership, unless a line names them.
_DEFAULT_RIGHTS = {"u": "CRWDPTAS", "b": "CRWDPTAS", "o": "CRWDPT"}
#: Columns of these tables that lookups or clients rely on.
_EXTRA_COLUMNS = {
    "userentityuisettings": "objecttypecode int\nrecentlyviewedxml memo\nlastviewedformxml memo",
    "usersettings": "systemuserid lookup:systemuser r\nlocaleid int =1033\ntimezonecode int =92",
    "transactioncurrency": "currencyname string:100\nisocurrencycode string:5\nexchangerate decimal =1.0",
    "environmentvariabledefinition": "schemaname string:100\ndisplayname string:100\ntype picklist =100000000\n"
    "defaultvalue memo",
    "environmentvariablevalue": "schemaname string:100\nvalue memo\n"
    "environmentvariabledefinitionid lookup:environmentvariabledefinition",
    "connectionreference": "connectionreferencelogicalname string:100\nconnectorid string:200\nconnectionid string:100",
    "task": "subject string:200\ndescription memo:2000\nregardingobjectid lookup:lead,account,contact",
    "annotation": "subject string:500\nnotetext memo:100000\nobjectid lookup:lead,account,contact",
}

#: Alternate keys, by which rows can be addressed; their values are unique.
_KEYS = {
    "environmentvariabledefinition": (("schemaname",),),
    "connectionreference": (("connectionreferencelogicalname",),),
}


def plain_table(line: str, *, custom: bool = False, managed: bool = True, extra_columns: str = "") -> Table:
    """The table of one line of the lists above."""
    logical, schema, entity_set, code, owner, *rest = line.split()
    rights = rest[0] if rest else _DEFAULT_RIGHTS[owner]
    levels, *others = rest[1].split(",") if len(rest) > 1 else [""]
    return Table(
        logical=logical,
        schema=schema,
        entity_set=entity_set,
        type_code=int(code),
        ownership=_OWNERSHIPS[owner],
        id_column=f"{logical}id",
        name_column="name",
        privilege_noun=schema,
        rights=tuple(_RIGHTS[letter] for letter in rights),
        levels=levels or None,
        levels_of={
            _RIGHTS[letter]: single
            for letters, _equals, single in (each.partition("=") for each in others)
            for letter in letters
        },
        keys=_KEYS.get(logical, ()),
        custom=custom,
        managed=managed,
        columns=columns(
            f"{logical}id guid c\nname string:200",
            _EXTRA_COLUMNS.get(logical, ""),
            extra_columns,
            "statecode picklist:activestate =0\nstatuscode picklist:activestatus =1",
            AUDIT,
            OWNER if owner == "u" else "organizationid guid r",
        ),
    )


def _tables(text: str) -> tuple[Table, ...]:
    return tuple(plain_table(line) for line in text.splitlines() if line.strip())


TABLES = _tables(_PLATFORM)
SALES_TABLES = _tables(_SALES)
