"""`python -m aggregator`, and the installed command `aggregator`.

The parsers' worker processes import this module again under another name, so it imports nothing until it is called.
"""

from __future__ import annotations


def collect_seldom() -> None:
    """Let the collector of garbage run seldom, and not at the end.

    Starting makes a hundred thousand objects that stay, and twice as many with 2,000 feeds. By default it would look
    through them dozens of times, and twice more at the end: together a third of the time that a short command takes.
    """
    import atexit  # noqa: PLC0415
    import gc  # noqa: PLC0415

    gc.set_threshold(200_000, 5, 50)
    atexit.register(gc.freeze)


def main() -> None:
    """Run the command line."""
    collect_seldom()
    from aggregator.cli import main as run  # noqa: PLC0415

    run()


if __name__ == "__main__":
    main()
