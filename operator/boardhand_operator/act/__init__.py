"""Carrying decisions out: each action is written so that doing it twice is doing it once.

`Doing` is one run being worked: what is known of it, kept up to date with every write. One module a kind of action.
"""

from boardhand_operator.act.carry_out import carry_out
from boardhand_operator.act.doing import Doing

__all__ = ["Doing", "carry_out"]
