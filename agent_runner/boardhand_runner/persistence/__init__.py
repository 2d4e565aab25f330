"""What outlives a run's pod, where the order is persistent, and how the next pod goes on from it.

lock        one pod of the run at a time
clone       the work tree and the git directory as the pod before left them
used        tokens, money, steps and seconds
journal     the tool calls of the answer that was being carried out
checkpoint  the graph's state after its last finished node, in SQLite
"""
