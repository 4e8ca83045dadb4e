"""Pitch and how voiced the sound is, as Kaldi's compute-kaldi-pitch-feats and process-kaldi-pitch-feats have them."""
