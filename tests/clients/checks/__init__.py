"""What is held to a source's words: the judge of one output, a client, a resume at every cut."""
