"""A control plane for load: a real API server on this machine's loopback, with simulated nodes and pods.

No network namespace, no container runtime and no root are needed: etcd, the API server, the controllers, the scheduler
and kwok are plain processes on ports of their own. Pods are played by kwok's stages and `Player`.
"""

from testbed.load.cluster import LoadCluster
from testbed.load.fate import Fate, StageEnd, green
from testbed.load.operators import OperatorProcess
from testbed.load.player import Player

__all__ = ["Fate", "LoadCluster", "OperatorProcess", "Player", "StageEnd", "green"]
