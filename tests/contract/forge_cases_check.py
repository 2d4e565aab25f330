"""Cases of every forge: what is configured, and what is said where it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from boardhand_operator.errors import CredentialsRefused, Misconfigured, PermissionMissing, RemoteUnavailable
from boardhand_operator.forges import Forge, Proposal
from tests.contract.about import about
from tests.contract.forge_bench import ForgeBench

Record = Callable[[str, object], None]
ODD = ("boardhand/1/2-deep", "boardhand/100%-done", "boardhand/#7-hash", "boardhand/ünï-日本-🚀", "boardhand/a+b&c=d")


class CheckCases:
    """Credentials, repository and branches."""

    async def test_the_check_passes_and_writes_nothing(self, bench: ForgeBench, forge: Forge) -> None:
        await forge.check()
        assert await bench.pulls() == []

    async def test_a_branch_tells_its_commit_and_when_it_was_made(self, bench: ForgeBench, forge: Forge) -> None:
        assert await forge.head("boardhand/1-fix") is None
        commit = await bench.branch("boardhand/1-fix")
        found = await forge.head("boardhand/1-fix")
        assert found
        assert found.commit == commit != (await bench.branch("boardhand/2-other"))
        # A plain remote does not tell.
        when = found.committed_at or datetime.now(UTC)
        assert when.tzinfo is not None
        assert when <= datetime.now(UTC) + timedelta(hours=1)

    @pytest.mark.parametrize("name", ODD)
    async def test_a_branch_of_any_name_is_found(self, bench: ForgeBench, forge: Forge, name: str) -> None:
        assert await forge.head(name) is None
        commit = await bench.branch(name)
        found = await forge.head(name)
        assert found and found.commit == commit

    async def test_a_base_branch_that_is_not_there_is_said(self, bench: ForgeBench) -> None:
        forge = bench.open(branch="develop")
        with pytest.raises(Misconfigured, match="'develop'") as wrong:
            await forge.check()
        assert wrong.value.reason == "BranchMissing"
        await forge.aclose()

    async def test_a_base_branch_that_was_renamed_is_said(self, bench: ForgeBench, forge: Forge) -> None:
        await forge.check()
        await bench.rename_branch("main", "trunk")
        with pytest.raises(Misconfigured, match="'main'") as wrong:
            await forge.check()
        assert wrong.value.reason == "BranchMissing"
        renamed = bench.open(branch="trunk")
        await renamed.check()
        await renamed.aclose()

    async def test_a_repository_that_is_not_there_is_said(self, bench: ForgeBench) -> None:
        forge = bench.open(clone_url=bench.nowhere)
        with pytest.raises(Misconfigured) as wrong:
            await forge.check()
        assert wrong.value.reason == "RepositoryMissing"
        assert bench.nowhere.rpartition("/")[2].removesuffix(".git") in wrong.value.message
        await forge.aclose()

    @about()
    async def test_a_repository_elsewhere_is_said(self, bench: ForgeBench) -> None:
        with pytest.raises(Misconfigured, match=r"spec\.repository\.url"):
            bench.open(clone_url="https://elsewhere.example/team/app.git")

    async def test_an_archived_repository(self, bench: ForgeBench, record_property: Record) -> None:
        if not await bench.archive():
            record_property("absent", "archived repositories")
            return
        with pytest.raises(Misconfigured, match="archived") as wrong:
            await bench.open().check()
        assert wrong.value.reason == "RepositoryArchived"

    async def test_a_repository_without_pull_requests(self, bench: ForgeBench, record_property: Record) -> None:
        if not await bench.switch_off():
            record_property("absent", "a switch for pull requests")
            return
        with pytest.raises(Misconfigured, match="switched off") as wrong:
            await bench.open().check()
        assert wrong.value.reason == "PullRequestsOff"

    async def test_an_empty_repository(self, bench: ForgeBench) -> None:
        with pytest.raises(Misconfigured, match="first commit") as wrong:
            await bench.open(clone_url=await bench.empty()).check()
        assert wrong.value.reason == "RepositoryEmpty"

    async def test_refused_credentials_are_said_with_what_to_do(self, bench: ForgeBench) -> None:
        forge = bench.open(token="e" * 40)
        with pytest.raises(CredentialsRefused, match=f"Secret {bench.secret}") as refused:
            await forge.check()
        assert "e" * 40 not in str(refused.value)
        assert "e" * 40 not in "".join(str(request.url) for request in bench.wire.requests)
        await forge.aclose()

    @about()
    async def test_credentials_that_expire_meanwhile(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch("boardhand/1-fix")
        await forge.check()
        await bench.fault(match=".", status=401)
        for call in (forge.pull_request("boardhand/1-fix"), forge.check(), forge.comment(1, "x")):
            with pytest.raises(CredentialsRefused):
                await call

    async def test_credentials_that_may_not_write(self, bench: ForgeBench) -> None:
        forge = bench.open(token=bench.reader_token())
        with pytest.raises(PermissionMissing, match=f"Secret {bench.secret}"):
            await forge.check()
        await forge.aclose()

    @about()
    async def test_credentials_that_may_not_write_open_nothing(self, bench: ForgeBench) -> None:
        await bench.branch("boardhand/1-fix")
        forge = bench.open(token=bench.reader_token())
        with pytest.raises(PermissionMissing, match=f"Secret {bench.secret}"):
            await forge.open_pull_request(Proposal("boardhand/1-fix", "main", "Fix", "b", False))
        assert await bench.pulls() == []
        await forge.aclose()

    @about("labels")
    async def test_a_label_that_is_not_there_is_said(self, bench: ForgeBench) -> None:
        good = bench.open(labels=[bench.label])
        await good.check()
        forge = bench.open(labels=[bench.label, "nobody's"])
        if "labels-must-exist" in bench.has:
            with pytest.raises(Misconfigured, match=r"nobody's.*spec\.forge\.labels") as wrong:
                await forge.check()
            assert wrong.value.reason == "LabelMissing"
        else:
            await forge.check()
        await good.aclose()
        await forge.aclose()

    @about("reviewers")
    async def test_a_reviewer_that_is_not_there_is_said(self, bench: ForgeBench) -> None:
        good = bench.open(reviewers=[bench.reviewer])
        await good.check()
        forge = bench.open(reviewers=[bench.reviewer, "nobody-at-all"])
        with pytest.raises(Misconfigured, match=r"nobody-at-all.*spec\.forge\.reviewers") as wrong:
            await forge.check()
        assert wrong.value.reason == "ReviewerMissing"
        await good.aclose()
        await forge.aclose()

    @about("template")
    async def test_a_template(self, bench: ForgeBench, forge: Forge) -> None:
        assert await forge.template() is None
        text = "## Why\n\n<!-- in short -->\n\n- [ ] tests ü 🚀\n"
        await bench.template(text)
        assert await forge.template() == text

    @about("template")
    async def test_a_long_template_is_cut(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.template("日本 🚀\n" * 10_000)
        found = await forge.template()
        assert found and found.startswith("日本 🚀\n")
        assert 15_000 <= len(found.encode()) <= 16_384

    @about("template")
    async def test_a_template_that_cannot_be_read_now(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.template("## Why")
        await bench.fault(match=".", status=503)
        with pytest.raises(RemoteUnavailable):
            await forge.template()
