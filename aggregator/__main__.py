"""`python -m aggregator`."""

from aggregator.cli import main

# The parsers' worker processes import this module again, under another name.
if __name__ == "__main__":
    main()
