"""python -m bench NAME [arguments]: runs bench/NAME.py; without a name, lists what there is."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path

from aggregator.__main__ import collect_seldom


def main(argv: list[str]) -> int:
    """Run one benchmark, or list them."""
    modules = {path.stem: path for path in sorted(Path(__file__).parent.glob("[a-z]*.py"))}
    benchmarks = {name: path for name, path in modules.items() if "def main(" in path.read_text("utf-8")}
    if argv and argv[0] in benchmarks:
        collect_seldom()  # as the program does
        importlib.import_module(f"bench.{argv[0]}").main(argv[1:])
        return 0
    for path in benchmarks.values():
        print((ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").splitlines()[0])
    return 2 if argv else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
