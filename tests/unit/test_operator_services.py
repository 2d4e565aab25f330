"""The Secrets that stages mount are looked for before a ticket is taken."""

from __future__ import annotations

import asyncio
import base64

import pytest

from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import Resource
from boardhand_operator.services import Services
from boardhand_operator.views import Pool
from tests.support.fake_kube import FakeKube
from tests.support.objects import a_pool, pool_body

SERVER = {"name": "tracker", "url": "https://tracker.test/mcp", "tools": ["find"], "secretRef": {"name": "tracker-key"}}


def keep(kube: FakeKube, name: str, **values: str) -> None:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    kube.put(Resource.SECRETS, "team", {"metadata": {"name": name}, "data": data})


async def test_an_mcp_servers_secret_is_missed_by_its_servers_name() -> None:
    kube, pool = FakeKube(), a_pool(mcpServers=[SERVER])
    keep(kube, "secret", username="ann", token="t")
    keep(kube, "model", apiKey="k")
    services = Services(kube, None)
    with pytest.raises(Misconfigured, match=r"spec\.mcpServers\[tracker\]\.secretRef.* Secret tracker-key"):
        await services.require_secrets(pool)
    keep(kube, "tracker-key", Authorization="Bearer x")
    await services.require_secrets(pool)


async def test_an_opened_board_is_kept_until_its_secret_changes() -> None:
    now = [0.0]
    kube = FakeKube()
    board = {"type": "trello", "board": "b", "secretRef": {"name": "trello"}}
    pool = a_pool(board=board, forge=False)
    keep(kube, "trello", key="k", token="t")
    services = Services(kube, None, lambda: now[0])

    async def opened() -> object:
        await services.board(pool)
        return services._opened[pool.spec_key].board

    first = await opened()
    now[0] = 61.0
    assert await opened() is first
    kube.remove(Resource.SECRETS, ("team", "trello"))
    keep(kube, "trello", key="k", token="new")
    now[0] = 100.0
    assert await opened() is first
    now[0] = 130.0
    second = await opened()
    assert second is not first
    await services.aclose()


async def test_a_pool_that_was_made_anew_under_its_name_is_not_given_the_former_ones_board() -> None:
    """It begins with generation 1 as that did, and may name the same Secret."""
    kube, opened = FakeKube(), list[object]()
    keep(kube, "trello", key="k", token="t")
    services = Services(kube, None)
    for number in (1, 2):
        body = pool_body(board={"type": "trello", "board": f"b{number}", "secretRef": {"name": "trello"}}, forge=False)
        body["metadata"]["uid"] = f"uid-{number}"
        pool = Pool.of(body)
        await services.board(pool)
        opened.append(services._opened[pool.spec_key].board)
    assert opened[0] is not opened[1]
    await services.forget(("team", "shop"))
    assert not services._opened
    await services.aclose()


async def test_boards_of_specs_that_no_run_has_any_more_are_closed() -> None:
    """A pool that is edited day by day keeps no connection for each spec that it ever had."""
    now = [0.0]
    kube = FakeKube()
    keep(kube, "trello", key="k", token="t")
    services = Services(kube, None, lambda: now[0])
    body = pool_body(board={"type": "trello", "board": "b", "secretRef": {"name": "trello"}}, forge=False)
    for generation in range(1, 6):
        body["metadata"]["generation"] = generation
        for _ in range(6):
            now[0] += 1200.0
            await services.board(Pool.of(body))
    assert len(services._opened) + len(services._retired) <= 3
    await services.aclose()


async def test_what_was_given_a_moment_ago_is_not_closed_though_it_was_opened_long_ago() -> None:
    now, closed = [0.0], list[str]()
    kube = FakeKube()
    keep(kube, "trello", key="k", token="t")
    services = Services(kube, None, lambda: now[0])
    spec = {"board": {"type": "trello", "board": "b", "secretRef": {"name": "trello"}}, "forge": False}
    pool, other = a_pool(**spec), a_pool(name="other", **spec)
    await services.board(pool)
    given = services._opened[pool.spec_key].board
    assert given

    async def closes() -> None:
        closed.append("closed")

    given.aclose = closes  # type: ignore[method-assign]
    now[0] = 59.0
    await services.board(pool)
    now[0] = 125.0
    await services.forget(("team", "shop"))
    await services.board(other)
    assert not closed
    now[0] = 300.0
    await services.board(other)
    assert closed
    await services.aclose()


async def test_of_many_who_want_a_board_at_once_one_opens_it() -> None:
    kube = FakeKube()
    pool = a_pool(board={"type": "trello", "board": "b", "secretRef": {"name": "trello"}}, forge=False)
    keep(kube, "trello", key="k", token="t")
    asked: list[str] = []

    class Slow(Services):
        async def _secret(self, pool: Pool, name: str, field: str) -> dict[str, str]:
            asked.append(name)
            await asyncio.sleep(0)
            return await super()._secret(pool, name, field)

    services = Slow(kube, None)
    await asyncio.gather(*(services.board(pool) for _ in range(20)))
    assert asked == ["trello"]
    await services.aclose()


async def test_a_key_that_is_missing_is_named() -> None:
    kube = FakeKube()
    keep(kube, "secret", username="ann")
    with pytest.raises(Misconfigured, match=r"spec\.repository\.pushSecretRef: Secret secret lacks the key 'token'"):
        await Services(kube, None).require_secrets(a_pool())


async def test_a_value_that_is_no_text_is_named_by_its_key_and_not_quoted() -> None:
    kube = FakeKube()
    data = {"username": base64.b64encode(b"ann").decode(), "token": base64.b64encode(b"to-ken\xff").decode()}
    kube.put(Resource.SECRETS, "team", {"metadata": {"name": "secret"}, "data": data})
    said = r"spec\.repository\.pushSecretRef: Secret secret holds under the key 'token' what is no text: .* UTF-8"
    with pytest.raises(Misconfigured, match=said) as wrong:
        await Services(kube, None).require_secrets(a_pool())
    assert (wrong.value.reason, "to-ken" in str(wrong.value)) == ("SecretUnreadable", False)
    assert wrong.value.__cause__ is None and wrong.value.__suppress_context__


@pytest.mark.parametrize("address", ["https://ann:words@host.test/a/b.git", "https://words@host.test/a/b.git"])
@pytest.mark.parametrize("field", ["repository", "board", "forge"])
async def test_an_address_with_credentials_is_not_worked_and_not_quoted(field: str, address: str) -> None:
    kube = FakeKube()
    keep(kube, "secret", username="ann", token="t")
    keep(kube, "model", apiKey="k")
    plain = pool_body()["spec"][field]
    with pytest.raises(Misconfigured, match=rf"^spec\.{field}\.url holds credentials: .* Secret") as wrong:
        await Services(kube, None).require_secrets(a_pool(**{field: plain | {"url": address}}))
    assert (wrong.value.reason, "words" in str(wrong.value)) == ("AddressHoldsCredentials", False)
    with pytest.raises(Misconfigured, match=rf"^spec\.{field}\.url is no address"):
        await Services(kube, None).require_secrets(a_pool(**{field: plain | {"url": "https://[words/"}}))


async def test_the_user_of_an_ssh_address_is_no_secret() -> None:
    kube = FakeKube()
    keep(kube, "secret", sshKey="k", knownHosts="h")
    keep(kube, "model", apiKey="k")
    secret = {"name": "secret"}
    repository = {"url": "ssh://git@host.test/a/b.git", "pushSecretRef": secret, "readSecretRef": secret}
    await Services(kube, None).require_secrets(a_pool(repository=repository))
