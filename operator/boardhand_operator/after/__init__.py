"""What is still seen to for runs that are settled: their pull requests, and who is to be told of them.

A label marks these runs, so that they are found again after a crash, and the others cost nothing.
"""
