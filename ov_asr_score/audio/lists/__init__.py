"""Kaldi's lists of recordings, segments and speakers, and the commands in them that only decode sound."""
