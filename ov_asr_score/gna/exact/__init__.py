"""The integer arithmetic of Intel's library: a :class:`~ov_asr_score.gna.model.GnaModel` made ready to run."""
