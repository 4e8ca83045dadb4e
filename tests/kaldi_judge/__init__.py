"""Kaldi as judge of changed models: what its programs make of a small model, and what we make of it.

``python -m tests.kaldi_judge --kaldi FOLDER --generation nnet1 --models 500 --seed 1`` changes golden cases, has
Kaldi's programs and this package score them, and prints how often both agree (see CONTRIBUTING.md). The tests of the
parts run without Kaldi.
"""
