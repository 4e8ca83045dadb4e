"""Files of OpenFst and symbol tables, as plain arrays; OpenFst itself is not needed."""
