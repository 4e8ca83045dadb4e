"""Files that get the words of a run: text, CTM, alignments, lattices, n-best lists, transcripts.

Tests: tests/job/words/test_word_files.py
"""

from __future__ import annotations
