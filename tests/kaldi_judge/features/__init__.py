"""Kaldi as judge of features and i-vectors: what its programs and our commands make of random sound and options.

``python -m tests.kaldi_judge.features --kaldi FOLDER --runs 300 --seed 7`` prints a table (see CONTRIBUTING.md). The
tests of the parts run without Kaldi.
"""
