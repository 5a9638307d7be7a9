"""Keywords and topics that an editor may want: what goes with a topic, and stories that no topic takes."""
