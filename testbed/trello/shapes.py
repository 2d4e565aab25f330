"""The JSON shapes of Trello's objects, with the fields its documentation names.

Source: https://developer.atlassian.com/cloud/trello/guides/rest-api/object-definitions/
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

LABEL_COLORS = ("yellow", "purple", "blue", "red", "green", "orange", "black", "sky", "pink", "lime")
_CREATOR_FIELDS = (
    "id",
    "activityBlocked",
    "avatarHash",
    "avatarUrl",
    "fullName",
    "idMemberReferrer",
    "initials",
    "nonPublic",
    "nonPublicAvailable",
    "username",
)
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def iso(seconds: float) -> str:
    """A Unix time as Trello writes dates: UTC with milliseconds and a Z."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def short_link(id_: str) -> str:
    """The eight characters of a board's or card's short address, derived from its id."""
    return "".join(_ALPHABET[byte % 62] for byte in hashlib.sha256(id_.encode()).digest()[:8])


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "-"


def member(id_: str, username: str, full_name: str) -> Json:
    return {
        "id": id_,
        "activityBlocked": False,
        "avatarHash": None,
        "avatarUrl": None,
        "bio": "",
        "bioData": None,
        "confirmed": True,
        "fullName": full_name,
        "idEnterprise": None,
        "idMemberReferrer": None,
        "idBoards": [],
        "idOrganizations": [],
        "initials": "".join(word[0] for word in full_name.split()[:2]).upper(),
        "memberType": "normal",
        "nonPublic": {},
        "nonPublicAvailable": False,
        "url": f"https://trello.com/{username}",
        "username": username,
        "status": "disconnected",
    }


SITE = "https://trello.com"


def board(id_: str, name: str, desc: str, creator: str, permission: str, now: float, link: str) -> Json:
    return {
        "id": id_,
        "name": name,
        "desc": desc,
        "descData": None,
        "closed": False,
        "dateLastActivity": iso(now),
        "idMemberCreator": creator,
        "idOrganization": None,
        "pinned": False,
        "starred": False,
        "subscribed": False,
        "shortLink": link,
        "shortUrl": f"https://trello.com/b/{link}",
        "url": f"https://trello.com/b/{link}/{_slug(name)}",
        "prefs": {
            "permissionLevel": permission,
            "hideVotes": False,
            "voting": "disabled",
            "comments": "members",
            "invitations": "members",
            "selfJoin": True,
            "cardCovers": True,
            "isTemplate": False,
            "cardAging": "regular",
            "calendarFeedEnabled": False,
            "background": "blue",
        },
        "labelNames": dict.fromkeys(LABEL_COLORS, ""),
        "memberships": [],
    }


def list_(id_: str, board_id: str, name: str, pos: float) -> Json:
    return {
        "id": id_,
        "name": name,
        "closed": False,
        "color": None,
        "idBoard": board_id,
        "pos": pos,
        "subscribed": False,
        "softLimit": None,
    }


def label(id_: str, board_id: str, name: str, color: str | None) -> Json:
    return {"id": id_, "idBoard": board_id, "name": name, "color": color, "uses": 0}


def card(id_: str, home: Json, number: int, name: str, desc: str, pos: float, now: float, site: str = SITE) -> Json:
    """A new card of the list `home`; `number` is its idShort on the board, `site` where a person reads it."""
    link = short_link(id_)
    return {
        "id": id_,
        "address": None,
        "badges": {
            "attachments": 0,
            "checkItems": 0,
            "checkItemsChecked": 0,
            "comments": 0,
            "description": bool(desc),
            "due": None,
            "dueComplete": False,
            "location": False,
            "start": None,
            "subscribed": False,
            "viewingMemberVoted": False,
            "votes": 0,
        },
        "checkItemStates": [],
        "closed": False,
        "coordinates": None,
        "creationMethod": None,
        "dateLastActivity": iso(now),
        "desc": desc,
        "descData": {"emoji": {}},
        "due": None,
        "dueComplete": False,
        "dueReminder": None,
        "idAttachmentCover": None,
        "idBoard": home["idBoard"],
        "idChecklists": [],
        "idLabels": [],
        "idList": home["id"],
        "idMembers": [],
        "idMembersVoted": [],
        "idShort": number,
        "isTemplate": False,
        "labels": [],
        "locationName": None,
        "manualCoverAttachment": False,
        "name": name,
        "pos": pos,
        "shortLink": link,
        "shortUrl": f"{site}/c/{link}",
        "start": None,
        "subscribed": False,
        "url": f"{site}/c/{link}/{number}-{_slug(name)}",
        "cover": {
            "idAttachment": None,
            "color": None,
            "idUploadedBackground": None,
            "size": "normal",
            "brightness": "light",
        },
    }


def checklist(id_: str, of: Json, name: str, pos: float) -> Json:
    return {
        "id": id_,
        "name": name,
        "idBoard": of["idBoard"],
        "idCard": of["id"],
        "pos": pos,
        "checkItems": [],
    }


def check_item(id_: str, checklist_id: str, name: str, pos: float, *, checked: bool) -> Json:
    return {
        "id": id_,
        "name": name,
        "nameData": None,
        "pos": pos,
        "state": "complete" if checked else "incomplete",
        "due": None,
        "dueReminder": None,
        "idMember": None,
        "idChecklist": checklist_id,
    }


def attachment(id_: str, member_id: str, url: str, name: str, pos: float, now: float, *, upload: bool = False) -> Json:
    return {
        "id": id_,
        "bytes": 1024 if upload else None,
        "date": iso(now),
        "edgeColor": None,
        "idMember": member_id,
        "isUpload": upload,
        "mimeType": "application/octet-stream" if upload else "",
        "name": name,
        "previews": [],
        "url": url,
        "pos": pos,
        "fileName": name if upload else None,
    }


def action(id_: str, kind: str, by: Json, data: Json, now: float) -> Json:
    return {
        "id": id_,
        "idMemberCreator": by["id"],
        "data": data,
        "appCreator": None,
        "type": kind,
        "date": iso(now),
        "limits": None,
        "memberCreator": {name: by[name] for name in _CREATOR_FIELDS},
    }


def webhook(id_: str, callback: str, model: str, description: str, *, active: bool) -> Json:
    return {
        "id": id_,
        "description": description,
        "idModel": model,
        "callbackURL": callback,
        "active": active,
        "consecutiveFailures": 0,
        "firstConsecutiveFailDate": None,
    }
