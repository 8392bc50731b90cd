"""The project's Python: programs that drive real taps and clients (`clients`), native sources (`native`),
and measurements (`speed`).

The repository's root is the one import path: start a program there, `python3 -m tests.clients.live --help`.
"""
