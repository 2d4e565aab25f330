"""Visitors who would see or do more than their own rights: by others' feeds, by names, by what is not shown."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from unittest.mock import patch

import httpx

from boardhand_dashboard.live.shared import Shared
from boardhand_dashboard.live.viewers import Seat
from boardhand_operator import kube
from boardhand_operator.kube import Resource
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.dashboard_ground import ADA, CANARY, EVE, LOOKS, POOLS, RUN, SPACE, House, stream, tried

AT = f"/ns/{SPACE}"
PAGES = ("board", "board/live", "pools", f"runs/{RUN}", f"runs/{RUN}/live", f"runs/{RUN}/steps", f"runs/{RUN}/diff")
LATER = "written-after-the-right-was-withdrawn"
REVIEWED = "rights are asked for again while one looks"
ASKED = "each viewer's rights are asked for, whoever's feed it is"


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [
        Attack(
            "dashboard-fed-after-withdrawal", "a live page that goes on when the right is gone",
            lambda: tried(_withdrawn), lambda: tried(_withdrawn, patch.object(Shared, "_review", _for_ever)), REVIEWED,
        ),
        Attack(
            "dashboard-lenders-rights", "what another viewer may see, from the feed that runs with their rights",
            lambda: tried(_lent), lambda: tried(_lent, patch.object(Shared, "_allowed", _always)), ASKED,
        ),
        Attack("dashboard-another-namespace", "another team's runs, pools, steps and diffs", lambda: tried(_another)),
        Attack(
            "dashboard-pressed-without-the-right", "a run cancelled, retried or held by who may only look",
            lambda: tried(_pressed),
        ),
        Attack(
            "dashboard-names-that-are-paths", "another object asked for, by a name that is a path",
            lambda: tried(_paths), lambda: tried(_paths, patch.object(kube, "_one", _same)),
            "what cannot be an object's name is asked for nowhere",
        ),
    ]  # fmt: skip


def _same(name: str) -> str:
    return name


async def _always(*_: Any) -> bool:
    return True


async def _for_ever(_: Shared[Any], __: Any, seat: Seat, *___: Any) -> None:
    """As if what was allowed once were so for ever."""
    seat.confirm(float("inf"))


async def _withdrawn(here: House) -> Outcome:
    ada, _ = await here.visitor(ADA)
    live = asyncio.create_task(stream(ada, f"{AT}/board/live", LATER, seconds=3))
    await asyncio.sleep(0.4)
    here.server.rights["ada"] -= LOOKS
    await asyncio.sleep(0.8)
    here.put_run({"title": LATER}, phase="Failed")
    heard = await live
    assert heard, "the page was told nothing at all"
    last = heard.strip().rpartition("event: ")[2].partition("\n")[0]
    told = "somebody took the right away" in heard
    return Outcome(LATER in heard, f"the last event is `{last}`{', which says why' if told else ''}")


async def _lent(here: House) -> Outcome:
    """Eve opens what ada looks at."""
    ada, _ = await here.visitor(ADA)
    eve, _ = await here.visitor(EVE)
    looking = asyncio.create_task(stream(ada, f"{AT}/board/live", "never", seconds=2.5))
    await asyncio.sleep(0.5)
    heard = [await stream(eve, f"{AT}/{path}", CANARY, seconds=0.8) for path in ("board/live", f"runs/{RUN}/live")]
    fed = await looking
    assert fed, "nobody was fed"
    said = " ".join(heard).replace("\n", " ")
    return Outcome(CANARY in said, f"answered: {said[:160]}")


async def _another(here: House) -> Outcome:
    eve, _ = await here.visitor(EVE)
    pool = {"spec": {"repository": {"url": f"http://forge.invalid/{CANARY}.git"}}}
    here.put(Resource.POOLS, "web", pool)
    here.put_pod([CANARY], [CANARY])
    said, codes = "", list[int]()
    for path in (*PAGES, "pools/web", "pools/web/edit", "history", "history.csv", "reports"):
        if path.endswith("live"):
            said += await stream(eve, f"{AT}/{path}", CANARY, seconds=0.6)
        else:
            answer = await eve.get(f"{AT}/{path}")
            said, codes = said + answer.text, [*codes, answer.status_code]
    return Outcome(CANARY in said, f"{len(codes)} pages are answered {sorted(set(codes))}, and live ones refused")


async def _pressed(here: House) -> Outcome:
    """Eve may look, at pools too; the buttons that she is not shown are pressed by hand."""
    here.server.rights["eve"] |= LOOKS | {one for one in POOLS if one[0] in ("get", "list", "watch")}
    eve, known = await here.visitor(EVE)
    page = (await eve.get(f"{AT}/runs/{RUN}")).text
    here.put(Resource.POOLS, "web", {"spec": {"suspend": False}})
    before, codes = repr(here.server.kube.objects), dict[str, int]()
    for verb in ("cancel", "suspend", "resume", "retry"):
        codes[verb] = (await eve.post(f"{AT}/runs/{RUN}/{verb}", data={"csrf": known.csrf})).status_code
    for verb in ("suspend", "resume"):
        answer = await eve.post(f"{AT}/pools/web/{verb}", data={"csrf": known.csrf})
        codes[f"{verb} of the pool"] = answer.status_code
    assert 'id="act-cancel"' not in page, "she is shown the button"
    return Outcome(repr(here.server.kube.objects) != before, f"answered {codes}; nothing changed")


async def _paths(here: House) -> Outcome:
    """Ada may read all there is in her namespace, by a name that the API server's address would take for a path."""
    here.server.rights["ada"].add(("get", "secrets", ""))
    here.put(Resource.SECRETS, "keys", {"data": {"key": CANARY}}, space="till")
    ada, known = await here.visitor(ADA)
    names = (
        "../../till/secrets/keys",
        "..",
        "run-1?watch=true",
        "run-1#x",
        "run-1/status",
        "..%2f..%2fsecrets",
        "a\\b",
    )
    here.server.asked.clear()
    codes = []
    for name in names:
        spelt = "".join(f"%{byte:02X}" for byte in name.encode())
        for method, path in (
            ("GET", f"runs/{spelt}"),
            ("POST", f"runs/{spelt}/cancel"),
            ("GET", f"pools/{spelt}/edit"),
        ):
            codes.append(await _raw(ada, method, f"{AT}/{path}", known.csrf))
    paths = {path.partition("?")[0] for _, path, _ in here.server.asked}
    plain = re.compile(rf"/api.*/namespaces/{SPACE}/(pods|ticketruns)|/apis/.*reviews")
    asked = [path for path in sorted(paths) if not plain.fullmatch(path)]
    counted = {code: codes.count(code) for code in sorted(set(codes))}
    return Outcome(
        bool(asked), f"{len(codes)} requests are answered {counted}; asked besides: {asked[:2] or 'nothing'}"
    )


async def _raw(client: httpx.AsyncClient, method: str, path: str, csrf: str) -> int:
    """The path as it is written: httpx would tidy it up."""
    url = client.base_url.copy_with(raw_path=path.encode())
    return (await client.request(method, url, data={"csrf": csrf} if method == "POST" else None)).status_code
