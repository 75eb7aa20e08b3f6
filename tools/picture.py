"""Draws what a terminal showed (standard input, with its colours) as a picture for the pages, without outside fonts."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 120


def main() -> int:
    if len(sys.argv) != 3:
        print("usage: picture TITLE FILE.svg < terminal-output", file=sys.stderr)
        return 2
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text.from_ansi(sys.stdin.read()), end="")
    picture = console.export_svg(title=sys.argv[1])
    picture = re.sub(r"@font-face \{.*?\}|<!--.*?-->", "", picture, flags=re.DOTALL).replace("Fira Code, ", "")
    Path(sys.argv[2]).write_text(picture, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
