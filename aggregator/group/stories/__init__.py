"""Which entries tell of one event. Pure: no clock, no network, no database; docs/stories.md says how it works.

    words, terms  an entry's words: title and beginning, base forms, counted
    vectors       what each of them weighs, by how many stories have it
    clusters      the stories in the window as sums of their entries' vectors, and how near two of them are
    chance        how alike two entries may be though they have nothing to do with each other
    agglomerate   a story's entries grouped afresh: does it still hold together?
    prints        copies of one text, also rewritten ones
    clusterer     one entry after the other: join or found, merge, split
    fields        what a reader sees of a story: lead, title, outlets, origins, growth

One `Clusterer` serves one language. Its whole state is the rows of its window, so it can be rebuilt at any time.
"""
