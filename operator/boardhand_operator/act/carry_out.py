"""From an action to the function that does it."""

from __future__ import annotations

from boardhand_operator.act import account, deliver, launch, settle, take
from boardhand_operator.act.doing import REFUSED, Doing
from boardhand_operator.decide.actions import (
    Action,
    Book,
    Claim,
    CloseTicket,
    Decision,
    FlagPool,
    Launch,
    NudgeJob,
    OpenPullRequest,
    Record,
    RemoveJob,
    Reserve,
    Settle,
)


async def carry_out(doing: Doing, decision: Decision) -> None:
    """Do the decision's actions in order; the rest is dropped where one finds that the run has ended.

    Raises what boards, forges and the API server raise: the caller looks again later, and nothing is done twice.
    """
    try:
        for action in decision.actions:
            if not await _do(doing, action):
                break
    except REFUSED:
        await doing.flush()
        raise
    await doing.flush()


async def _do(doing: Doing, action: Action) -> bool:
    """Do one action; whether to go on."""
    match action:
        case Record(fields, message, event, warning, reason):
            await doing.record(fields, message, reason)
            if event:
                await doing.tell(event, "; ".join([message, *doing.said]), warning=warning)
        case Claim():
            return await take.claim(doing)
        case Reserve(number):
            return await account.reserve(doing, number)
        case Book(number, money):
            return await account.book(doing, number, money)
        case Launch(number):
            return await launch.launch(doing, number)
        case NudgeJob(name):
            await doing.nudge_job(name)
        case RemoveJob(name):
            await doing.remove_job(name)
        case OpenPullRequest(draft):
            return await deliver.open_pull_request(doing, draft)
        case CloseTicket(column):
            await deliver.close_ticket(doing, column)
        case FlagPool(reason, message):
            await deliver.flag_pool(doing, reason, message)
        case Settle():
            await settle.settle(doing)
    return True
