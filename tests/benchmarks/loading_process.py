"""The processes that `loading` measures: `load DATA_DIR FILES` and `index DATA_DIR`.

The processes of a load import the main module of the one that started them, as Python has it. That of the gateway's
command imports little, and so does this one.
"""

from __future__ import annotations

import sys


def main() -> None:
    from tests.benchmarks import loading

    loading.run(*sys.argv[1:])


if __name__ == "__main__":
    main()
