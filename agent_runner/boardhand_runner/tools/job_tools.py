"""Background jobs as tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import Field

from boardhand_runner.tools.arguments import Arguments

if TYPE_CHECKING:
    from boardhand_runner.tools.jobs import Jobs


class StartJob(Arguments):
    command: str = Field(description="A shell command; it starts in the repository's root and goes on.", min_length=1)


class OfJob(Arguments):
    job: int = Field(description="The job's number.")


def job_tools(jobs: Jobs) -> list[BaseTool]:
    """To start one, to look at it, to end it."""

    async def start_job(command: str) -> str:
        return await jobs.start(command)

    async def job_output(job: int) -> str:
        return await jobs.output(job)

    async def stop_job(job: int) -> str:
        return await jobs.stop(job)

    starts = "Start a shell command that goes on beside your work, such as a server. You get a job number."
    looks = "What a job put out since you last asked, and whether it still runs."
    return [
        StructuredTool(name="start_job", description=starts, args_schema=StartJob, coroutine=start_job),
        StructuredTool(name="job_output", description=looks, args_schema=OfJob, coroutine=job_output),
        StructuredTool(
            name="stop_job", description="End a job with all it started.", args_schema=OfJob, coroutine=stop_job
        ),
    ]
