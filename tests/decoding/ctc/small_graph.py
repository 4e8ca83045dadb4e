"""A small TLG.fst, made by OpenFst's operations as recipes do: topology of CTC, lexicon, grammar from an ARPA model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ov_asr_score.decoding.kaldifst_api import import_kaldifst

ARPA = """\\data\\
ngram 1=5
ngram 2=4

\\1-grams:
-0.8\t</s>
-99\t<s>\t-0.3
-0.6\ta\t-0.2
-0.9\tab\t-0.1
-1.1\tba

\\2-grams:
-0.2\t<s> ab
-0.5\ta ba
-0.3\tab a
-0.4\tba </s>

\\end\\
"""

WORDS = ("a", "ab", "ba")


def write_graph(
    folder: Path, tokens: Sequence[str], lexicon: Mapping[str, Sequence[str]], blank: int = 0, arpa: str = ARPA
) -> None:
    """Write TLG.fst and words.txt to ``folder``; input labels are numbers of ``tokens`` plus 1."""
    import kaldilm

    kaldifst = import_kaldifst()
    (folder / "lm.arpa").write_text(arpa)
    grammar_text = kaldilm.arpa2fst(
        str(folder / "lm.arpa"), disambig_symbol="#0", write_symbol_table=str(folder / "words.txt")
    )
    ids = {line.split()[0]: int(line.split()[1]) for line in (folder / "words.txt").read_text().splitlines()}
    grammar = kaldifst.compile(grammar_text)
    labels = {token: number for number, token in enumerate(tokens, 1)}
    last = len(tokens) + 1  # disambiguation symbols come behind the tokens: #0 of the grammar, then one for each word
    arcs, state = [], 1
    for number, (word, spelling) in enumerate(lexicon.items(), 1):
        source = 0
        for place, token in enumerate([*(labels[token] for token in spelling), last + number]):
            target = 0 if place == len(spelling) else state
            arcs.append(f"{source} {target} {token} {ids[word] if place == 0 else 0}")
            source, state = target, state + (target != 0)
    lexicon_fst = kaldifst.compile("\n".join([*arcs, f"0 0 {last} {ids['#0']}", "0"]) + "\n")
    kaldifst.arcsort(lexicon_fst, sort_type="olabel")
    kaldifst.arcsort(grammar, sort_type="ilabel")
    searched = kaldifst.compose(lexicon_fst, grammar)
    kaldifst.determinize_star(searched)
    topology = [f"0 0 {blank + 1} 0"]
    spoken = [label for label in labels.values() if label != blank + 1]
    for label in spoken:
        topology += [f"0 {label} {label} {label}", f"{label} {label} {label} 0", f"{label} 0 {blank + 1} 0"]
        topology += [f"{label} {other} {other} {other}" for other in spoken if other != label]
    finals = ["0", *map(str, spoken)]
    loops = [f"{state} {state} 0 {last + number}" for state in finals for number in range(len(lexicon) + 1)]
    topology_fst = kaldifst.compile("\n".join([*topology, *loops, *finals]) + "\n")
    kaldifst.arcsort(topology_fst, sort_type="olabel")
    kaldifst.arcsort(searched, sort_type="ilabel")
    graph = kaldifst.compose(topology_fst, searched)
    kaldifst.connect(graph)
    assert graph.write(str(folder / "TLG.fst"))
