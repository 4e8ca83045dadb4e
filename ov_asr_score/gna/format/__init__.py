"""Exported blobs (GNAM): bytes to a :class:`~ov_asr_score.gna.model.GnaModel` and back, checked, described."""
