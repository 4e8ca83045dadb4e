"""Reports as files: JSON, CSV, JUnit, Markdown; and profiles read back."""
