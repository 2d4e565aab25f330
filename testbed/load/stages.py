"""kwok's stages for our Job's pod, which it takes from container to container as a kubelet would.

Source: kwok's Stage API, https://kwok.sigs.k8s.io/docs/user/stages-configuration/. Pure.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from boardhand_api.pod import Stage
from testbed.load.fate import FATE_ANNOTATION, PUBLISH_ANNOTATION

Json = dict[str, Any]

_CHAIN = (Stage.CHECKOUT, Stage.AGENT, Stage.PUBLISH, Stage.VERIFY)
_ALIVE: Json = {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"}
_OVER = ["Succeeded", "Failed"]

_BEGIN = """
{{ $now := Now }}
phase: Pending
startTime: {{ $now | Quote }}
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: false
  restartCount: 0
{{ if eq .name "checkout" }}
  started: true
  state: {running: {startedAt: {{ $now | Quote }}}}
{{ else }}
  started: false
  state: {waiting: {reason: PodInitializing}}
{{ end }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: false
  restartCount: 0
  started: false
  state: {waiting: {reason: PodInitializing}}
{{ end }}
"""

# A row is written as it was, ended, begun, or (where the pod ends) killed.
_ROW = """
- name: {{ $row.name | Quote }}
  image: {{ $row.image | Quote }}
  imageID: ""
  restartCount: 0
{{ if and (eq $row.name "LEFT") $row.state.running }}
  ready: {{ $ok }}
  started: false
  state:
    terminated:
      exitCode: {{ $end.exitCode | int }}
      reason: {{ $end.reason | Quote }}
      message: {{ $end.message | Quote }}
      startedAt: {{ $row.state.running.startedAt | Quote }}
      finishedAt: {{ $now | Quote }}
{{ else if and $over $row.state.running }}
  ready: false
  started: false
  state: {terminated: {exitCode: 143, reason: Error, startedAt: {{ $row.state.running.startedAt | Quote }}, finishedAt: {{ $now | Quote }}}}
{{ else if and (not $over) (or (eq $row.name "NEXT") (and (eq "LEFT" "checkout") (or (eq $row.name "workbench") (hasPrefix "service-" $row.name)))) }}
  ready: true
  started: true
  state: {running: {startedAt: {{ $now | Quote }}}}
{{ else }}
  ready: {{ $row.ready }}
  started: {{ $row.started }}
  state: {{ $row.state | toJson }}
{{ end }}
"""  # noqa: E501

_ROWS = f"""
initContainerStatuses:
{{{{ range $row := .status.initContainerStatuses }}}}
{_ROW}
{{{{ end }}}}
containerStatuses:
{{{{ range $row := .status.containerStatuses }}}}
{_ROW}
{{{{ end }}}}
"""

_LEAVE = """
{{ $now := Now }}
{{ $end := ENDING }}
{{ $ok := eq ($end.exitCode | int) 0 }}
{{ $over := or (not $ok) (eq "NEXT" "") }}
{{ if not $ok }}
phase: Failed
{{ else if $over }}
phase: Succeeded
{{ else if eq "NEXT" "verify" }}
phase: Running
{{ else }}
phase: Pending
{{ end }}
ROWS
"""

_KILLED = """
{{ $now := Now }}
{{ $end := dict }}
{{ $ok := false }}
{{ $over := true }}
phase: Failed
ROWS
"""

_NODE = """
{{ $now := Now }}
phase: Running
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
"""


def configuration(delays: dict[Stage, float], begin_seconds: float = 0.1) -> str:
    """kwok's configuration file. delays: seconds in each stage, but for waiting for its end to be known."""
    stages = [_node(), _begin(begin_seconds), _killed(), _gone()]
    for left, following in zip(_CHAIN, (*_CHAIN[1:], None), strict=True):
        stages.append(_leave(left, following, delays.get(left, 0.0)))
    return "\n---\n".join(yaml.safe_dump(stage, sort_keys=False) for stage in (_options(), *stages))


def _options() -> Json:
    return {
        "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
        "kind": "KwokConfiguration",
        "options": {"podPlayStageParallelism": 16, "nodePlayStageParallelism": 4, "nodeLeaseDurationSeconds": 0},
    }


def _stage(name: str, kind: str, selector: list[Json], seconds: float, then: Json) -> Json:
    spec: Json = {
        "resourceRef": {"apiGroup": "v1", "kind": kind},
        "selector": {"matchExpressions": selector},
        "next": then,
    }
    if seconds:
        spec["delay"] = {"durationMilliseconds": int(seconds * 1000)}
    return {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Stage", "metadata": {"name": name}, "spec": spec}


def _node() -> Json:
    ready = '.status.conditions.[] | select( .type == "Ready" ) | .status'
    unready = [{"key": ready, "operator": "NotIn", "values": ["True"]}]
    return _stage("node-ready", "Node", unready, 0, {"statusTemplate": _NODE})


def _begin(seconds: float) -> Json:
    fresh = [_ALIVE, {"key": ".status.startTime", "operator": "DoesNotExist"}]
    return _stage("pod-begin", "Pod", fresh, seconds, {"statusTemplate": _BEGIN})


def _leave(left: Stage, following: Stage | None, seconds: float) -> Json:
    rows = "containerStatuses" if left is Stage.VERIFY else "initContainerStatuses"
    annotation = PUBLISH_ANNOTATION if left is Stage.PUBLISH else FATE_ANNOTATION
    value, known = f'.metadata.annotations["{annotation}"]', ""
    if left is not Stage.PUBLISH:
        known = f" | fromjson | .{left.value}.reason"
    selector: list[Json] = [
        _ALIVE,
        {"key": ".status.phase", "operator": "NotIn", "values": _OVER},
        {
            "key": f'.status.{rows}.[] | select( .name == "{left.value}" ) | .state.running.startedAt',
            "operator": "Exists",
        },
        {"key": f'({value} // "{{}}"){known}' if known else value, "operator": "Exists"},
    ]
    read = f"(index .metadata.annotations {json.dumps(annotation)} | fromJson)"
    ending = read if left is Stage.PUBLISH else f"(index {read} {json.dumps(left.value)})"
    text = _LEAVE.replace("ROWS", _ROWS).replace("ENDING", ending).replace("LEFT", left.value)
    text = text.replace("NEXT", following.value if following else "")
    return _stage(f"pod-leaves-{left.value}", "Pod", selector, seconds, {"statusTemplate": text})


def _killed() -> Json:
    """What was deleted while it ran ends as failed before it goes, which the Job's controller waits for."""
    going: list[Json] = [
        {"key": ".metadata.deletionTimestamp", "operator": "Exists"},
        {"key": ".status.phase", "operator": "NotIn", "values": _OVER},
    ]
    text = _KILLED.replace("ROWS", _ROWS).replace("LEFT", "").replace("NEXT", "")
    return _stage("pod-is-killed", "Pod", going, 0.1, {"statusTemplate": text})


def _gone() -> Json:
    gone: list[Json] = [
        {"key": ".metadata.deletionTimestamp", "operator": "Exists"},
        {"key": ".status.phase", "operator": "In", "values": _OVER},
    ]
    return _stage("pod-goes", "Pod", gone, 0, {"delete": True})
