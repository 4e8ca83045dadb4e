"""What follows the features, as Kaldi's programs do it: CMVN, deltas, splices, transforms, rows and columns.

Each step has a batch form, a function of the rows of an utterance, and a live form, an object that accepts rows in
pieces of any size and gives the same rows, bit for bit.
"""
