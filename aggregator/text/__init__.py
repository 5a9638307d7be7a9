"""Language, words, keywords and HTML: what is known of text below every stage."""
