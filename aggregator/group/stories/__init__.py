"""Which entries tell of one event. Pure: no clock, no network, no database; docs/stories.md says how it works.

    terms       an entry's words: title and beginning, stemmed, counted
    frequencies how common each word is in the window: what a word weighs
    clusters    the open stories as sums of their entries' vectors, and how near two of them are
    clusterer   one entry after the other: join, found, merge
    prints      copies of one text, also rewritten ones
    fields      what a reader sees of a story: lead, title, outlets, origins, growth

One `Clusterer` serves one language. Its whole state is the rows of its window, so it can be rebuilt at any time.
"""
