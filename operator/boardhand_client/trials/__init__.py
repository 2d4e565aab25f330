"""Trying what a pool is told, while somebody tells it: for `boardhand init`, `boardhand doctor` and the pool's form."""

from boardhand_client.trials.boards import try_board
from boardhand_client.trials.cloning import try_clone
from boardhand_client.trials.forges import try_forge
from boardhand_client.trials.git import UNTRIED
from boardhand_client.trials.models import try_model
from boardhand_client.trials.reach import LOOPBACK, Reach
from boardhand_client.trials.secrets import try_sealed, try_secret
from boardhand_client.trials.trial import Trial

__all__ = [
    "LOOPBACK",
    "UNTRIED",
    "Reach",
    "Trial",
    "try_board",
    "try_clone",
    "try_forge",
    "try_model",
    "try_sealed",
    "try_secret",
]
