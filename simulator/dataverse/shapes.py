# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions of tables, columns, relationships and option sets, with all the properties that the platform returns.

Properties that the simulator does not use have one value for all (contract: definitions).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .. import seeded
from .catalogue import Catalogue
from .schema import NAMESPACE, OPTION_SETS, Column, Table, ways

if TYPE_CHECKING:
    from .state import EnvironmentData

Definition = dict[str, Any]

_OWNERSHIP = {
    "user": "UserOwned",
    "business": "BusinessOwned",
    "organization": "OrganizationOwned",
    "none": "None",
}
_BEGINNING = "1900-01-01T00:00:00Z"
_FIRST_VERSION = "5.0.0.0"


def label(text: str) -> Definition:
    """A text in the environment's only language."""
    written = {"Label": text, "LanguageCode": 1033, "IsManaged": True, "MetadataId": None, "HasChanged": None}
    return {"LocalizedLabels": [written], "UserLocalizedLabel": written}


def _managed(value: bool, name: str, *, changeable: bool = False) -> Definition:
    return {"Value": value, "CanBeChanged": changeable, "ManagedPropertyLogicalName": name}


# Tables

_TABLE_CONSTANTS: Mapping[str, Any] = {
    "HasChanged": None,
    "ActivityTypeMask": 0,
    "AutoRouteToOwnerQueue": False,
    "CanTriggerWorkflow": True,
    "EntityHelpUrlEnabled": False,
    "EntityHelpUrl": None,
    "IsDocumentManagementEnabled": False,
    "IsOneNoteIntegrationEnabled": False,
    "IsInteractionCentricEnabled": False,
    "IsKnowledgeManagementEnabled": False,
    "IsSLAEnabled": False,
    "IsBPFEntity": False,
    "IsDocumentRecommendationsEnabled": False,
    "IsMSTeamsIntegrationEnabled": False,
    "SettingOf": None,
    "DataProviderId": None,
    "DataSourceId": None,
    "AutoCreateAccessTeams": False,
    "IsActivity": False,
    "IsActivityParty": False,
    "IsRetrieveAuditEnabled": False,
    "IsRetrieveMultipleAuditEnabled": False,
    "IsArchivalEnabled": False,
    "IsRetentionEnabled": False,
    "IsAvailableOffline": False,
    "IsChildEntity": False,
    "IsAIRUpdated": True,
    "IconLargeName": None,
    "IconMediumName": None,
    "IconSmallName": None,
    "IconVectorName": None,
    "IsBusinessProcessEnabled": False,
    "SyncToExternalSearchIndex": False,
    # The simulator does not track changes of rows, so no table may claim it.
    "ChangeTrackingEnabled": False,
    "IsImportable": True,
    "IsIntersect": False,
    "IsEnabledForCharts": True,
    "IsEnabledForTrace": False,
    "IsValidForAdvancedFind": True,
    "DaysSinceRecordLastModified": 0,
    "MobileOfflineFilters": None,
    "IsReadingPaneEnabled": True,
    "IsQuickCreateEnabled": False,
    "PrimaryImageAttribute": None,
    "RecurrenceBaseEntityLogicalName": None,
    "IntroducedVersion": _FIRST_VERSION,
    "EnforceStateTransitions": False,
    "ExternalName": None,
    "EntityColor": None,
    "ExternalCollectionName": None,
    "IsEnabledForExternalChannels": False,
    "IsPrivate": False,
    "UsesBusinessDataLabelTable": False,
    "IsLogicalEntity": False,
    "HasNotes": False,
    "HasActivities": False,
    "HasFeedback": False,
    "IsSolutionAware": False,
    "CreatedOn": _BEGINNING,
    "ModifiedOn": _BEGINNING,
    "HasEmailAddresses": False,
    "OwnerId": None,
    "OwnerIdType": 8,
    "OwningBusinessUnit": None,
    "TableType": "Standard",
    "Settings": [],
}

#: Managed properties of a table: name, value, the property that allows the change, whether it can be changed.
_TABLE_MANAGED = (
    ("IsAuditEnabled", False, "canmodifyauditsettings", True),
    ("IsValidForQueue", False, "canmodifyqueuesettings", True),
    ("IsConnectionsEnabled", False, "canmodifyconnectionsettings", True),
    ("IsCustomizable", True, "iscustomizable", False),
    ("IsRenameable", True, "isrenameable", False),
    ("IsMappable", True, "ismappable", False),
    ("IsDuplicateDetectionEnabled", False, "canmodifyduplicatedetectionsettings", True),
    ("CanCreateAttributes", True, "cancreateattributes", False),
    ("CanCreateForms", True, "cancreateforms", False),
    ("CanCreateViews", True, "cancreateviews", False),
    ("CanCreateCharts", True, "cancreatecharts", False),
    ("CanBeRelatedEntityInRelationship", True, "canberelatedentityinrelationship", False),
    ("CanBePrimaryEntityInRelationship", True, "canbeprimaryentityinrelationship", False),
    ("CanBeInManyToMany", True, "canbeinmanytomany", False),
    ("CanBeInCustomEntityAssociation", True, "canbeincustomentityassociation", False),
    ("CanEnableSyncToExternalSearchIndex", True, "canenablesynctoexternalsearchindex", True),
    ("CanModifyAdditionalSettings", True, "canmodifyadditionalsettings", True),
    ("CanChangeHierarchicalRelationship", False, "canchangehierarchicalrelationship", False),
    ("CanChangeTrackingBeEnabled", True, "canchangetrackingbeenabled", True),
    ("IsMailMergeEnabled", False, "canmodifymailmergesettings", True),
    ("IsVisibleInMobile", False, "canmodifymobilevisibility", True),
    ("IsVisibleInMobileClient", False, "canmodifymobileclientvisibility", True),
    ("IsReadOnlyInMobileClient", False, "canmodifymobileclientreadonly", True),
    ("IsOfflineInMobileClient", False, "canmodifymobileclientoffline", True),
)


@lru_cache(maxsize=2048)
def _table(table: Table) -> Definition:
    return {
        **_TABLE_CONSTANTS,
        "MetadataId": table_id(table),
        "LogicalName": table.logical,
        "SchemaName": table.schema,
        "EntitySetName": table.entity_set,
        "LogicalCollectionName": table.entity_set,
        "CollectionSchemaName": table.entity_set[:1].upper() + table.entity_set[1:],
        "ReportViewName": f"Filtered{table.schema}",
        "ObjectTypeCode": table.type_code,
        "OwnershipType": _OWNERSHIP[table.ownership],
        "PrimaryIdAttribute": table.id_column,
        "PrimaryNameAttribute": table.name_column,
        "IsCustomEntity": table.custom,
        "IsManaged": table.managed,
        "IsStateModelAware": "statecode" in table.columns,
        "IsOptimisticConcurrencyEnabled": table.versioned,
        "DisplayName": label(table.schema),
        "DisplayCollectionName": label(table.entity_set),
        "Description": label(f"The table {table.schema}."),
        **{name: _managed(value, allowed, changeable=free) for name, value, allowed, free in _TABLE_MANAGED},
    }


def table(catalogue: Catalogue, of: Table) -> Definition:
    """The definition of a table, without expandable properties."""
    row = dict(_table(of))
    row["Privileges"] = [
        {
            "CanBeBasic": 0 in item.levels,
            "CanBeLocal": 1 in item.levels,
            "CanBeDeep": 2 in item.levels,
            "CanBeGlobal": 3 in item.levels,
            "CanBeEntityReference": False,
            "CanBeParentEntityReference": False,
            "CanBeRecordFilter": False,
            "Name": item.name,
            "PrivilegeId": item.id,
            "PrivilegeType": right,
        }
        for right in of.rights
        if (item := catalogue.privilege_for(right, of)) is not None
    ]
    return row


def keys(of: Table) -> list[Definition]:
    """The definitions of a table's alternate keys."""
    return [
        {
            "@odata.type": f"#{NAMESPACE}.EntityKeyMetadata",
            "MetadataId": seeded.guid("key", of.logical, *columns_of_key),
            "HasChanged": None,
            "LogicalName": "_".join(columns_of_key),
            "SchemaName": "_".join(columns_of_key),
            "EntityLogicalName": of.logical,
            "KeyAttributes": list(columns_of_key),
            "EntityKeyIndexStatus": "Active",
            "IsManaged": True,
            "IsSynchronous": False,
            "IsExportKey": False,
            "IsSecondaryKey": False,
            "IntroducedVersion": _FIRST_VERSION,
            "DisplayName": label(" ".join(columns_of_key)),
            "IsCustomizable": _managed(False, "iscustomizable"),
        }
        for columns_of_key in of.keys
    ]


def table_id(of: Table) -> str:
    """The id of a table's definition."""
    return seeded.guid("table", of.logical)


# Columns

_COLUMN_TYPES = {
    "string": "String",
    "memo": "Memo",
    "int": "Integer",
    "long": "BigInt",
    "double": "Double",
    "decimal": "Decimal",
    "bool": "Boolean",
    "datetime": "DateTime",
    "guid": "Uniqueidentifier",
    "picklist": "Picklist",
    "lookup": "Lookup",
    "managed": "ManagedProperty",
    "binary": "Virtual",
}
_TYPES_BY_NAME = {"statecode": "State", "statuscode": "Status", "ownerid": "Owner"}
#: The class of a definition, if its name differs from the column's type.
_CLASSES = {"Uniqueidentifier": "UniqueIdentifier", "Customer": "Lookup", "Owner": "Lookup", "Virtual": "Image"}
_DATES = frozenset({"birthdate", "anniversary", "estimatedclosedate"})

_COLUMN_CONSTANTS: Mapping[str, Any] = {
    "HasChanged": None,
    "AttributeOf": None,
    "DeprecatedVersion": None,
    "IntroducedVersion": _FIRST_VERSION,
    "IsSecured": False,
    "CanBeSecuredForRead": False,
    "CanBeSecuredForCreate": False,
    "CanBeSecuredForUpdate": False,
    "IsRetrievable": True,
    "IsFilterable": False,
    "IsSearchable": False,
    "LinkedAttributeId": None,
    "IsValidForRead": True,
    "IsLogical": False,
    "IsDataSourceSecret": False,
    "InheritsFrom": None,
    "CreatedOn": _BEGINNING,
    "ModifiedOn": _BEGINNING,
    "SourceType": None,
    "AutoNumberFormat": None,
    "ExternalName": None,
    "Settings": [],
}
_COLUMN_MANAGED = (
    ("IsGlobalFilterEnabled", False, "canmodifyglobalfiltersettings", True),
    ("IsSortableEnabled", False, "canmodifyissortablesettings", True),
    ("IsCustomizable", True, "iscustomizable", False),
    ("IsRenameable", True, "isrenameable", False),
    ("CanModifyAdditionalSettings", True, "canmodifyadditionalsettings", True),
    ("IsAuditEnabled", False, "canmodifyauditsettings", True),
    ("IsValidForAdvancedFind", True, "canmodifysearchsettings", True),
)


def column_type(column: Column) -> str:
    """The type of a column, as definitions name it."""
    if column.targets == ("account", "contact"):
        return "Customer"
    return _TYPES_BY_NAME.get(column.name) or _COLUMN_TYPES[column.kind]


@lru_cache(maxsize=2048)
def columns(of: Table) -> tuple[Definition, ...]:
    """The definitions of a table's columns, with the properties of their kind."""
    return tuple(_column(of, column, number) for number, column in enumerate(of.columns.values(), 1))


def _column(of: Table, column: Column, number: int) -> Definition:
    kind = column_type(column)
    primary_id, primary_name = column.wire == of.id_column, column.wire == of.name_column
    return {
        "@odata.type": f"#{NAMESPACE}.{_CLASSES.get(kind, kind)}AttributeMetadata",
        **_COLUMN_CONSTANTS,
        "MetadataId": seeded.guid("column", of.logical, column.name),
        "LogicalName": column.name,
        "SchemaName": column.name,
        "EntityLogicalName": of.logical,
        "AttributeType": kind,
        "AttributeTypeName": {"Value": f"{kind}Type"},
        "ColumnNumber": number,
        "IsPrimaryId": primary_id,
        "IsPrimaryName": primary_name,
        "IsValidForCreate": column.creatable,
        "IsValidForUpdate": column.updatable,
        "IsValidODataAttribute": True,
        "IsValidForForm": True,
        "IsValidForGrid": True,
        "IsRequiredForForm": False,
        "IsCustomAttribute": of.custom,
        "IsManaged": of.managed,
        "DisplayName": label(column.name),
        "Description": label(f"The column {column.name}."),
        "RequiredLevel": {
            "Value": "SystemRequired" if primary_id else "None",
            "CanBeChanged": not primary_id,
            "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings",
        },
        **{name: _managed(value, allowed, changeable=free) for name, value, allowed, free in _COLUMN_MANAGED},
        **_of_its_kind(column, kind),
    }


def _of_its_kind(column: Column, kind: str) -> Definition:
    if kind in ("String", "Memo"):
        return {
            "MaxLength": column.max_length or (100 if kind == "String" else 2000),
            "Format": "Text" if kind == "String" else "TextArea",
            "FormatName": {"Value": "Text" if kind == "String" else "TextArea"},
            "ImeMode": "Auto",
        }
    if kind == "Integer":
        return {"MinValue": -(2**31), "MaxValue": 2**31 - 1, "Format": "None"}
    if kind == "BigInt":
        return {"MinValue": -(2**63), "MaxValue": 2**63 - 1}
    if kind in ("Double", "Decimal"):
        return {"MinValue": -100_000_000_000.0, "MaxValue": 100_000_000_000.0, "Precision": 2, "ImeMode": "Auto"}
    if kind == "DateTime":
        only_date = column.name in _DATES
        return {
            "Format": "DateOnly" if only_date else "DateAndTime",
            "ImeMode": "Inactive",
            "DateTimeBehavior": {"Value": "DateOnly" if only_date else "UserLocal"},
            "CanChangeDateTimeBehavior": _managed(False, "canchangedatetimebehavior"),
        }
    if kind == "Boolean":
        return {"DefaultValue": bool(column.default)}
    if kind in ("Picklist", "State", "Status"):
        return {"DefaultFormValue": -1 if column.default is None else column.default}
    if column.targets:
        return {"Targets": list(column.targets), "Format": "None"}
    return {}


def option_set(of: Table, name: str) -> Definition | None:
    """The values of a column with options; None for any other."""
    column = of.column(name)
    if column is None or column.name != name or column.kind != "picklist":
        return None
    shared = next((known for known in GLOBAL_OPTION_SETS if column.options is OPTION_SETS[known]), None)
    return _options(
        shared or f"{of.logical}_{name}",
        column.options or {},
        seeded.guid("option set", *(("global", shared) if shared else (of.logical, name))),
        kind={"statecode": "State", "statuscode": "Status"}.get(name, "Picklist"),
        shared=shared is not None,
    )


#: Option sets that do not belong to a column.
GLOBAL_OPTION_SETS = ("componentstate",)


def global_option_sets() -> list[Definition]:
    """The option sets that any column may use."""
    return [
        {
            "@odata.type": f"#{NAMESPACE}.OptionSetMetadata",
            **_options(name, OPTION_SETS[name], seeded.guid("option set", "global", name), shared=True),
        }
        for name in GLOBAL_OPTION_SETS
    ]


def _options(
    name: str, options: Mapping[int, str], identifier: str, *, kind: str = "Picklist", shared: bool = False
) -> Definition:
    return {
        "MetadataId": identifier,
        "HasChanged": None,
        "IsCustomOptionSet": False,
        "IsGlobal": shared,
        "IsManaged": True,
        "Name": name,
        "ExternalTypeName": None,
        "OptionSetType": kind,
        "IntroducedVersion": _FIRST_VERSION,
        "ParentOptionSetName": None,
        "Description": label(name),
        "DisplayName": label(name),
        "IsCustomizable": _managed(False, "iscustomizable"),
        "Options": [
            {
                "Value": value,
                "Color": None,
                "IsManaged": True,
                "ExternalValue": "",
                "ParentValues": [],
                "Tag": None,
                "IsHidden": False,
                "MetadataId": None,
                "HasChanged": None,
                "Label": label(text),
                "Description": {"LocalizedLabels": [], "UserLocalizedLabel": None},
            }
            for value, text in options.items()
        ],
    }


# Relationships

_RELATIONSHIP_CONSTANTS: Mapping[str, Any] = {
    "HasChanged": None,
    "IsCustomRelationship": False,
    "IsValidForAdvancedFind": True,
    "SecurityTypes": "Append",
    "IsManaged": True,
    "IntroducedVersion": _FIRST_VERSION,
}
_MENU: Mapping[str, Any] = {
    "Behavior": "DoNotDisplay",
    "Group": "Details",
    "Order": None,
    "IsCustomizable": False,
    "Icon": None,
    "ViewId": "00000000-0000-0000-0000-000000000000",
    "AvailableOffline": True,
    "MenuId": None,
    "QueryApi": None,
    "Label": {"LocalizedLabels": [], "UserLocalizedLabel": None},
}
_CASCADES = ("Assign", "Delete", "Archive", "Merge", "Reparent", "Share", "Unshare", "RollupView")

ONE_TO_MANY, MANY_TO_MANY = "OneToManyRelationship", "ManyToManyRelationship"


def relationships(data: EnvironmentData) -> list[Definition]:
    """Every relationship between two tables, once: of each lookup to each of its tables, and of each intersect."""
    known = data.scratch.get("relationships")
    if known is None or known[0] is not data.catalogue:
        known = data.scratch["relationships"] = (data.catalogue, relationships_in(data.catalogue))
    every: list[Definition] = known[1]
    return every


def relationships_in(catalogue: Catalogue) -> list[Definition]:
    """The same for the tables of a catalogue."""
    found: dict[str, Definition] = {}
    for of in catalogue.tables.values():
        for definition in (*_lookups(catalogue, of), *_intersects(catalogue, of)):
            found.setdefault(definition["SchemaName"], definition)
    return list(found.values())


def _lookups(catalogue: Catalogue, of: Table) -> Iterable[Definition]:
    for column in of.columns.values():
        for way, targets in ways(column):
            for target in targets:
                if target in catalogue.tables:
                    yield _one_to_many(catalogue.tables[target], of, column, way)


def _one_to_many(one: Table, many: Table, column: Column, way: str) -> Definition:
    many_way = next(
        (item.name for item in one.relations.values() if (item.target, item.lookup) == (many.logical, column.wire)),
        None,
    )
    name = many_way or f"{one.logical}_{many.logical}_{column.name}"
    return {
        "@odata.type": f"#{NAMESPACE}.{ONE_TO_MANY}Metadata",
        **_RELATIONSHIP_CONSTANTS,
        "MetadataId": seeded.guid("relationship", name),
        "SchemaName": name,
        "RelationshipType": ONE_TO_MANY,
        "ReferencedAttribute": one.id_column,
        "ReferencedEntity": one.logical,
        "ReferencingAttribute": column.name,
        "ReferencingEntity": many.logical,
        "IsHierarchical": False,
        "EntityKey": None,
        "IsRelationshipAttributeDenormalized": False,
        # Null if the simulator has no navigation from the one to the many.
        "ReferencedEntityNavigationPropertyName": many_way,
        "ReferencingEntityNavigationPropertyName": way,
        "RelationshipBehavior": 1,
        "IsDenormalizedLookup": None,
        "DenormalizedAttributeName": None,
        "IsCustomizable": _managed(False, "iscustomizable"),
        "AssociatedMenuConfiguration": _MENU,
        "CascadeConfiguration": dict.fromkeys(_CASCADES, "NoCascade"),
        "RelationshipAttributes": [],
    }


def _intersects(catalogue: Catalogue, of: Table) -> Iterable[Definition]:
    for relation in of.relations.values():
        if relation.intersect is None or not relation.left or relation.target not in catalogue.tables:
            continue
        other = catalogue.tables[relation.target]
        yield {
            "@odata.type": f"#{NAMESPACE}.{MANY_TO_MANY}Metadata",
            **_RELATIONSHIP_CONSTANTS,
            "MetadataId": seeded.guid("relationship", relation.name),
            "SchemaName": relation.name,
            "SecurityTypes": "None",
            "RelationshipType": MANY_TO_MANY,
            "IntersectEntityName": relation.intersect,
            "Entity1LogicalName": of.logical,
            "Entity1IntersectAttribute": of.id_column,
            "Entity1NavigationPropertyName": relation.name,
            "Entity1AssociatedMenuConfiguration": _MENU,
            "Entity2LogicalName": other.logical,
            "Entity2IntersectAttribute": other.id_column,
            "Entity2NavigationPropertyName": relation.name,
            "Entity2AssociatedMenuConfiguration": _MENU,
            "IsCustomizable": _managed(False, "iscustomizable"),
        }
