"""Reports: plain data of runs, suites and comparisons, and the formats in which they are written.

``data`` holds the reports, ``files`` writes them for programs (JSON, CSV, JUnit, Markdown), ``console`` and ``html``
for people. ``progress`` shows a run while it lasts, ``trace`` writes its timeline, and ``schemas`` describes the JSON
files.
"""
