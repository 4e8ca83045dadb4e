"""TOML files: tables that are checked key by key, with the lines where keys stand in errors."""
