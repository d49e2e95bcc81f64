"""The compiled twins of the reference engines: the same answers from machine code, for the parts that they know."""
