"""What Trello documents outside its OpenAPI file, and where that file contradicts the documentation."""

from __future__ import annotations

from typing import Any

# Parameters the file does not list at their path: place -> where they are documented.
_NESTED = "nested resources guide: these parameters hold wherever the resource is nested in a path"
CARD_LISTS = (
    "filter",
    "fields",
    "actions",
    "actions_limit",
    "attachments",
    "members",
    "checklists",
    "list",
    "board",
    "limit",
    "since",
    "before",
)
DOCUMENTED_ELSEWHERE: dict[tuple[str, str], dict[str, str]] = {
    ("GET", "/boards/{}/cards"): dict.fromkeys(CARD_LISTS, _NESTED),
    ("GET", "/boards/{}/cards/{}"): dict.fromkeys(CARD_LISTS, _NESTED),
    ("GET", "/lists/{}/cards"): dict.fromkeys(CARD_LISTS, _NESTED),
    ("GET", "/boards/{}/lists/{}"): dict.fromkeys(("filter", "fields", "cards"), _NESTED),
    ("GET", "/cards/{}"): {"actions_limit": _NESTED},
    ("GET", "/cards/{}/actions"): dict.fromkeys(("limit", "since", "before", "fields", "memberCreator"), _NESTED),
}

# Properties for which the file gives a type that its own reference pages and examples contradict.
_ID = {"$ref": "#/components/schemas/TrelloID"}
_NULL_TEXT = {"type": ["string", "null"]}
FILE_ERRS: dict[str, Any] = {
    "Board.descData": {"type": ["object", "string", "null"]},  # null without emoji
    "Board.idOrganization": {"anyOf": [_ID, {"type": "null"}]},  # null for a board of no workspace
    "Board.memberships": {
        "type": "array",
        "items": {"type": "object", "required": ["id", "idMember", "memberType"]},
    },
    "Prefs.permissionLevel": {"enum": ["private", "org", "public"]},  # as POST /boards/ takes them
    "Prefs.voting": {"enum": ["disabled", "members", "observers", "org", "public"]},  # likewise
    "Prefs.background": {"type": "string"},  # an id or a colour's name
    "Card.labels": {"type": "array", "items": {"$ref": "#/components/schemas/Label"}},  # objects, not ids
    # an id matches both branches of the file's oneOf, whose object branch has no `type: object` to fail on
    "Card.idLabels": {"type": "array", "items": _ID},
    "Card.idChecklists": {"type": "array", "items": _ID},
    "Card.cover": {"type": "object", "required": ["idAttachment", "color", "size", "brightness"]},
    "TrelloList.softLimit": {"type": ["string", "number", "null"]},  # null when no limit is set
    "Action.limits": {"type": ["object", "null"]},
    "Action.memberCreator": {"$ref": "#/components/schemas/Member"},  # a Member, with the same nulls
    "Member.avatarHash": _NULL_TEXT,  # null without a picture
    "Member.avatarUrl": _NULL_TEXT,
    "Member.bioData": {"type": ["object", "null"]},
    "Member.idEnterprise": {"anyOf": [_ID, {"type": "null"}]},
}

# Field names by Trello's object definitions guide, for what the file leaves open.
FIELDS: dict[str, set[str]] = {
    "action": {"id", "idMemberCreator", "data", "type", "date", "limits", "appCreator", "memberCreator"},
    "board": {
        "id", "name", "desc", "descData", "closed", "dateLastActivity", "idMemberCreator", "idOrganization",
        "pinned", "starred", "subscribed", "shortLink", "shortUrl", "url", "prefs", "labelNames", "memberships",
    },
    "card": {
        "id", "address", "badges", "checkItemStates", "closed", "coordinates", "creationMethod",
        "dateLastActivity", "desc", "descData", "due", "dueComplete", "dueReminder", "idAttachmentCover",
        "idBoard", "idChecklists", "idLabels", "idList", "idMembers", "idMembersVoted", "idShort", "isTemplate",
        "labels", "locationName", "manualCoverAttachment", "name", "pos", "shortLink", "shortUrl", "start",
        "subscribed", "url", "cover",
    },
    "list": {"id", "name", "closed", "color", "idBoard", "pos", "subscribed", "softLimit"},
    "label": {"id", "idBoard", "name", "color", "uses"},
    "checklist": {"id", "name", "idBoard", "idCard", "pos", "checkItems"},
    "checkItem": {
        "id", "name", "nameData", "pos", "state", "due", "dueReminder", "idMember", "idChecklist",
    },
    "attachment": {
        "id", "bytes", "date", "edgeColor", "idMember", "isUpload", "mimeType", "name", "previews", "url",
        "pos", "fileName",
    },
    "memberCreator": {
        "id", "activityBlocked", "avatarHash", "avatarUrl", "fullName", "idMemberReferrer", "initials",
        "nonPublic", "nonPublicAvailable", "username",
    },
    "rateLimited": {"message", "error"},
}  # fmt: skip

# The keys of an action's `data`, by action type and what changed (action types guide).
ACTION_DATA: dict[str, set[str]] = {
    "createBoard": {"board"},
    "createList": {"list", "board"},
    "createCard": {"card", "list", "board"},
    "updateCard:idList": {"card", "old", "listBefore", "listAfter", "board"},
    "updateCard:closed": {"card", "old", "list", "board"},
    "updateCard:name": {"card", "old", "list", "board"},
    "updateCard:pos": {"card", "old", "list", "board"},
    "commentCard": {"text", "textData", "card", "list", "board"},
    "deleteCard": {"card", "list", "board"},
    "updateList:closed": {"list", "old", "board"},
    "addAttachmentToCard": {"attachment", "card", "board"},
    "addChecklistToCard": {"checklist", "card", "board"},
}
