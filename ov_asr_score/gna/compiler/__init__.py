"""Compiles float layers to a :class:`~ov_asr_score.gna.model.GnaModel`: scale factors, segment tables, memory."""
