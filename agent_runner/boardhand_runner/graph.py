"""The agent on one screen.

    baseline → route → coder | bugfixer | analyst ⇄ tools → supervise ─ finished → gate ─ green → describe → end
                                  ↑                            │ else                │ red
                                  └────────────────────────────┴─────────────────────┘
The analyst changes nothing, so what it finishes with is the end.
"""

from __future__ import annotations

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from boardhand_runner.history import ANALYST, BUGFIXER, CODER
from boardhand_runner.nodes import describe, gate, route, specialist, supervise, tools, verify
from boardhand_runner.state import Context, State

SPECIALISTS = [CODER, BUGFIXER, ANALYST]


def build(saver: BaseCheckpointSaver[str] | None = None) -> CompiledStateGraph[State, Context, State, State]:
    """The whole graph, ready to run; its state is saved after each node where there is a `saver`."""
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("baseline", verify.baseline)
    graph.add_node("route", route.node)
    for name in SPECIALISTS:
        graph.add_node(name, specialist.node)
        graph.add_edge(name, "tools")
    graph.add_node("tools", tools.node)
    graph.add_node("supervise", supervise.node)
    graph.add_node("gate", gate.node)
    graph.add_node("describe", describe.node)

    graph.add_edge(START, "baseline")
    graph.add_edge("baseline", "route")
    graph.add_conditional_edges("route", lambda state: state["specialist"], SPECIALISTS)
    graph.add_edge("tools", "supervise")
    graph.add_conditional_edges("supervise", after_supervise, [*SPECIALISTS, "gate", END])
    graph.add_conditional_edges("gate", after_gate, [CODER, BUGFIXER, "describe"])
    graph.add_edge("describe", END)
    return graph.compile(checkpointer=saver)


def after_supervise(state: State) -> str:
    """On with the work, or to its end."""
    if not state.get("finished"):
        return state["specialist"]
    return END if state["specialist"] == ANALYST else "gate"


def after_gate(state: State) -> str:
    """The gate takes `finished` back where the work has to go on."""
    return "describe" if state["finished"] else state["specialist"]
