"""The compiled twins of the reference engines: the same results from machine code, for the parts that they support."""
