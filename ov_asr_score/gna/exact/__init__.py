"""The integer arithmetic of Intel's library: runs a :class:`~ov_asr_score.gna.model.GnaModel` bit for bit."""
