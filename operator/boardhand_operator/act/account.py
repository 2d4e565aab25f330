"""A try's money: reserved in the pool's status before its Job is made, booked there once it ended."""

from __future__ import annotations

from decimal import Decimal

from boardhand_api.pool_status import Spending
from boardhand_operator.act.doing import Doing, Gone
from boardhand_operator.kube import Resource
from boardhand_operator.money import budget
from boardhand_operator.money.budget import Purse
from boardhand_operator.money.ledgers import Step
from boardhand_operator.views import Pool


async def reserve(doing: Doing, number: int) -> bool:
    """Reserve what the try may use; whether the budget has it, and the run is as it was when it was looked at."""
    run = doing.run
    amount = budget.money_of(run.spec, doing.its_pool.spec)

    def step(pool: Pool, purse: Purse) -> Spending | None:
        if purse.reserves(run.uid, number):
            return pool.status.spending
        wanted = purse.each if amount is None else amount
        return None if purse.lack(wanted) else budget.reserve(purse.spending, run.uid, number, wanted)

    return await _changed(doing, step)


async def book(doing: Doing, number: int, money: Decimal | None) -> bool:
    """Book what the try used, once, in place of what it reserved; whether the run is as it was when looked at.

    money: None where it is not known. It counts for the day on which it is booked.
    """
    run = doing.run
    most = budget.money_of(run.spec, doing.its_pool.spec) or budget.NOTHING

    def step(_: Pool, purse: Purse) -> Spending | None:
        return budget.book(purse.spending, run.uid, number, money, most)

    return await _changed(doing, step)


async def _changed(doing: Doing, step: Step) -> bool:
    run = doing.run

    async def still() -> bool:
        """What is booked is forgotten once its run is settled: so the run is asked for after the pool was read."""
        body = await doing.kube.get(Resource.RUNS, run.namespace, run.name)
        if body is None or body["metadata"]["uid"] != run.uid:
            raise Gone(run.name)
        doing.store.put(Resource.RUNS, body)
        return bool(body["metadata"]["resourceVersion"] == run.body["metadata"]["resourceVersion"])

    return await doing.services.ledgers.change(doing.store, (run.namespace, run.spec.pool), step, still)
