"""Measures this server beside others, in one run on one machine: ``python -m benchmarks --help``.

Nothing here is installed with the server. Each subject is a whole running server; requests come
from a process of their own, whose work is not counted.
"""
