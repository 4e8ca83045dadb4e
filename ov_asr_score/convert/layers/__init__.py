"""How each type of component becomes operations of OpenVINO: one file per family, one record per type."""
