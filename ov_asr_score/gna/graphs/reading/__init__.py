"""Operations of an OpenVINO model read into the float graph that GNA models are made from."""
