"""The part of a pool that says what the agent builds and tests with."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from boardhand_api.base import PATH_PART, NonEmpty, Quantity, Seconds, Wire, distinct, rules


class Resources(Wire):
    """Requests and limits of one stage, as Kubernetes quantities."""

    requests: dict[str, str] = {}
    """Such as cpu: 250m, memory: 512Mi."""
    limits: dict[str, str] = {}
    """Such as memory: 2Gi."""


class Service(Wire):
    """A server that set-up, verify and the agent's commands need, such as a database. It is reached at 127.0.0.1."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=40)]
    """Its container is called service-NAME."""
    image: NonEmpty
    """Any image that runs as user 10001. Never `latest`."""
    command: Annotated[list[NonEmpty], Field(max_length=50)] = []
    """Takes the place of the image's entry point."""
    env: dict[str, str] = {}
    """Its environment. Never a secret: what the model starts can reach the service."""
    ports: Annotated[list[Annotated[int, Field(ge=1024, le=65535)]], Field(max_length=10)] = []
    """The ports it listens on. The next stage waits until the first accepts connections; without one nothing waits."""
    ready_seconds: Annotated[int, Field(ge=1, le=600)] = 60
    """So long it may take until the first port accepts connections; then it is started again."""
    resources: Resources = Resources()
    """Its requests and limits."""


class Cache(Wire):
    """A folder of the workbench that is a volume. What can be written in the workbench is never seen by the proof."""

    model_config = {
        "json_schema_extra": rules(
            ("has(self.claim) != has(self.size)", "a cache has either claim or size"),
            ("!self.readOnly || has(self.claim)", "only a cache with claim can be readOnly"),
            (
                "self.path.startsWith('/boardhand/home/') || !(self.path + '/').matches('^/(boardhand|dev|proc|sys)/')",
                "path must not be below /boardhand (except /boardhand/home/...), /dev, /proc or /sys",
            ),
            ("self.path != '/tmp'", "path must not be /tmp, which is writable anyway"),
        )
    }

    path: Annotated[str, Field(pattern=rf"^(/{PATH_PART})+$", max_length=255)]
    """Where the workbench finds it, such as /cache/maven. Point the tool there with workbench.env."""
    claim: Annotated[NonEmpty | None, Field(max_length=253)] = None
    """An existing PersistentVolumeClaim; what one run leaves there, the next one finds."""
    size: Quantity | None = None
    """An empty folder for each run, of this size at most, such as 2Gi."""
    read_only: bool = False
    """The claim is mounted read-only, then also into the proof: for caches that only you fill. Without it the proof
    finds an empty folder at path."""


class Workbench(Wire):
    """The toolchain the agent builds and tests with, and in which the result is proved."""

    image: NonEmpty
    """Any image with a POSIX shell and the project's toolchain. Never `latest`."""
    setup: list[NonEmpty] = []
    """Shell commands run once before the first command, and again before the proof."""
    verify: list[NonEmpty] = []
    """Shell commands that prove the result, in this order; the first that fails is the verdict. Empty: told from the
    build files in the work folder of the commit that work starts from, as is setup if that is empty too."""
    command_timeout_seconds: Seconds = 600
    """A command of the agent is ended after so many seconds."""
    env: dict[str, str] = {}
    """Environment of the workbench and of the proof. Never a secret."""
    resources: Resources = Resources()
    """Of the workbench and of the proof."""
    services: Annotated[
        list[Service],
        Field(
            max_length=8,
            json_schema_extra=distinct("name", "the services' names"),
        ),
    ] = []
    """Servers that run beside the workbench and the proof, in this order. The proof finds them as the workbench left
    them, with whatever the model's commands wrote."""
    caches: Annotated[
        list[Cache],
        Field(
            max_length=8,
            json_schema_extra=distinct("path", "the caches' paths"),
        ),
    ] = []
    """Folders that are volumes."""
