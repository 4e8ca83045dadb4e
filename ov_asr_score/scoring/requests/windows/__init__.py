"""Utterances in requests that hold a part of them: chunks of Kaldi models, windows of one length, vectors of chunks."""
