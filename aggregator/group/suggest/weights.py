"""How much a word goes with some entries rather than with the others. Pure; counts are of entries.

G² is Dunning's log-likelihood ratio (Computational Linguistics 19, 1993); the log-odds with an informative prior are
those of Monroe, Colaresi and Quinn ('Fightin' Words', Political Analysis 16, 2008).
"""

from __future__ import annotations

from math import log, sqrt

PRIOR = 20.0
"""Entries that the prior is worth: so many, in which words are as frequent as in all."""


def likelihood_ratio(here: int, of: int, there: int, of_others: int) -> float:
    """G² of a word that is `here` of `of` entries and in `there` of `of_others`; over 10.8 is p < 0.001."""
    total, having = of + of_others, here + there
    cells = (
        (here, of * having / total),
        (there, of_others * having / total),
        (of - here, of * (total - having) / total),
        (of_others - there, of_others * (total - having) / total),
    )
    return 2 * sum(seen * log(seen / expected) for seen, expected in cells if seen and expected)


def log_odds(here: int, of: int, there: int, of_others: int) -> float:
    """How many standard deviations the log-odds of the word are higher here than there; 0 when all entries have it."""
    if here + there == of + of_others:
        return 0.0
    share = (here + there) / (of + of_others) * PRIOR
    one, other = here + share, there + share
    delta = log(one / (of + PRIOR - one)) - log(other / (of_others + PRIOR - other))
    return delta / sqrt(1 / one + 1 / other)
