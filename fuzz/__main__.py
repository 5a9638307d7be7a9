"""`python -m fuzz NAME [libFuzzer options] [folders of inputs]`."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["aggregator", "feedparser", "ruamel"]):
    from fuzz.targets import TARGETS


def main() -> None:
    """Run until a fault is found or the options say stop."""
    name, *options = sys.argv[1:] or [""]
    if name not in TARGETS:
        sys.exit(f"usage: python -m fuzz {{{','.join(TARGETS)}}} [libFuzzer options]")
    atheris.Setup([sys.argv[0], *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
