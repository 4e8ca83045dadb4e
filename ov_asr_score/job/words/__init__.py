"""Words of scores, as part of a scoring run or of ``decode``: opening, writing, counting."""
