"""The child of :mod:`matching.application.apart`: an order in, a document out, no file written."""

from __future__ import annotations

import resource
import sys

from matching.application.apart import serve

SECONDS = 30
MEMORY = 2_000_000_000
"""Bytes of address space: a photo of 60 million pixels takes a tenth of it."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
