"""From a Kaldi network to an OpenVINO model."""
