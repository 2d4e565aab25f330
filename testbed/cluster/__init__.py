"""A Kubernetes cluster for the testbed: a given one, one of kind's, or one without a container engine."""

from testbed.cluster.provider import Cluster, Provider
from testbed.cluster.selection import choose

__all__ = ["Cluster", "Provider", "choose"]
