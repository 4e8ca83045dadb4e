"""How each component of nnet2 and nnet3 becomes operations of OpenVINO."""
