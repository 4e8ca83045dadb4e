"""Quick command lines of every command, the exit code of each, and the files that are there afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.frozen.command_line import ROOT

MODELS, DATA = ROOT / "models", ROOT / "data"


@dataclass(frozen=True, slots=True)
class Line:
    """A command line in a folder of ``prepare``; ``page``: what goes to standard error is a page of help."""

    words: str
    code: int
    written: tuple[str, ...] = ()
    page: bool = False


GIVEN = ("cut.ark", "empty.ark", "notes.txt", "one.ark", "profile.csv", "two.ark", "suite.toml", "wrong.toml")

_SUITE = """format_version = 1
[[case]]
name = "two_inputs"
model = "{models}/two_inputs.xml"
inputs = {{ features = "ark:{data}/two_inputs/features.ark", ivector = "ark:{data}/two_inputs/ivectors_utterance.ark" }}
references = {{ score = "ark:{data}/two_inputs/score_utterance.ark" }}
limits = {{ max_error = 1e-4 }}
"""

_PROFILE = """layer,type,implementation,calls,total_us,mean_us,cpu_us,share,frames
affine,FullyConnected,gemm,3,1206.000,402.000,1206.000,1.0,1375
"""


def prepare(folder: Path) -> None:
    """Write the files named in GIVEN: tables whole, cut and empty, text, suites."""
    features = (DATA / "lstm_mem" / "features.ark").read_bytes()
    (folder / "cut.ark").write_bytes(features[: len(features) // 2 + 1])
    (folder / "empty.ark").write_bytes(b"")
    (folder / "notes.txt").write_text("no table, no model\n")
    (folder / "one.ark").write_text("a [ 1 2\n 3 4 ]\nb [ 5 6 ]\n")
    (folder / "two.ark").write_text("a [ 1 2\n 3 4.5 ]\nc [ 5 6 ]\n")
    (folder / "profile.csv").write_text(_PROFILE)
    (folder / "suite.toml").write_text(_SUITE.format(models=MODELS, data=DATA))
    (folder / "wrong.toml").write_text("format_version = 1\n[[case]]\nnaem = 1\n")


_SCORE = "score --quiet -m {models}/dnn_digits.xml -i {data}/dnn_digits/features.ark"

LINES = (
    # no command, no arguments
    Line("", 2, page=True),
    Line("--version", 0),
    Line("no-such-command", 2),
    Line("--no-such-option", 2),
    *(Line(name, 2, page=True) for name in ("score", "compare", "compare-layers", "compare-profiles", "check")),
    *(
        Line(name, 2, page=True)
        for name in ("convert", "quantize", "bench", "inspect", "copy-table", "table-info", "merge")
    ),
    # score
    Line(f"{_SCORE} -o s.ark", 0, ("s.ark",)),
    Line(f"{_SCORE} -o ark,scp:s.ark,s.scp", 0, ("s.ark", "s.scp")),
    Line(f"{_SCORE} -o s.npz --report r.json", 0, ("r.json", "s.npz")),
    Line(f"{_SCORE} -o s.ark -pc --report r.csv --trace t.json", 0, ("r.csv", "s.ark", "t.json")),
    Line(f"{_SCORE} -r {{data}}/dnn_digits/kaldi_loglik.ark --max-error 1e-3", 0),
    Line(f"{_SCORE} -o s.ark -r {{data}}/kaldi/nnet3_tdnn.ark --max-error 1e-3", 1, ("s.ark",)),
    Line(f"{_SCORE} -o s.ark --shard 1/2", 0, ("s.ark",)),
    Line(f"{_SCORE} --max-error 1e-3", 2),
    Line(f"{_SCORE} --batch-size -1", 2),
    Line(f"{_SCORE} --batch-size many", 2),
    Line(f"{_SCORE} --precision f8", 2),
    Line(f"{_SCORE} --shard 3/2", 2),
    Line(f"{_SCORE} --memory-limit lots", 2),
    Line(f"{_SCORE} --config KEY", 2),
    Line(f"{_SCORE} -q dynamic", 2),
    Line(f"{_SCORE} -o s.ark -wg m.blob --resume", 2),
    Line(f"{_SCORE} -o no/such/folder/s.ark", 3),
    Line(f"{_SCORE} -o s.ark --report no/such/folder/r.json", 3),
    Line(f"{_SCORE} -d NO_SUCH_DEVICE -o s.ark", 3),
    Line(f"{_SCORE} -oname no_such_layer -o s.ark", 3),
    Line("score -m {models}/dnn_digits.xml", 2),
    Line("score -i one.ark -o s.ark", 2),
    Line("score -m notes.txt -i one.ark -o s.ark", 3),
    Line("score -m none.xml -i one.ark -o s.ark", 3),
    Line("score -m {models}/dnn_digits.xml -i one.ark -o s.ark", 3),
    Line("score -m {models}/dnn_digits.xml -i notes.txt -o s.ark", 3),
    Line("score -m {models}/lstm_mem.xml -i cut.ark -o s.ark", 3),
    Line("score -m {models}/lstm_mem.xml -i cut.ark -o s.ark --on-error skip", 1, ("s.ark",)),
    Line("score -m {models}/lstm_mem.xml -i empty.ark -o s.ark", 1, ("s.ark",)),
    Line("score -m {models}/dnn_digits.xml -wg m.blob --quiet", 0, ("m.blob", "m.blob.json")),
    # compare, copy-table, merge
    Line("compare one.ark one.ark", 0),
    Line("compare one.ark one.ark --max-error 0 --report r.json", 0, ("r.json",)),
    Line("compare one.ark two.ark --max-error 0.1", 1),
    Line("compare one.ark none.ark", 3),
    Line("compare one.ark one.ark --min-agreement 2", 2),
    Line("copy-table one.ark ark,scp:c.ark,c.scp", 0, ("c.ark", "c.scp")),
    Line("copy-table one.ark ark,t:-", 0),
    Line("copy-table cut.ark c.ark", 3),
    Line("copy-table one.ark ark,no:c.ark", 2),
    Line("copy-table one.ark c.ark --columns 0", 0, ("c.ark",)),
    Line("copy-table one.ark c.ark --columns 9999", 3),
    Line("copy-table one.ark c.ark --columns a", 2),
    Line("copy-table one.ark c.ark --path-map a", 2),
    Line("table-info one.ark", 0),
    Line("table-info {data}/dnn_digits/features.ark --utt2num-frames frames", 0, ("frames",)),
    Line("table-info none.ark", 3),
    Line("merge one.ark one.ark -o j.ark", 3),
    Line("merge one.ark -o j.ark", 0, ("j.ark",)),
    # check
    Line("check suite.toml --quiet --json c.json --junit c.xml --markdown c.md", 0, ("c.json", "c.md", "c.xml")),
    Line("check suite.toml --only none", 3),
    Line("check wrong.toml", 3),
    Line("check none.toml", 3),
    # models
    Line("convert {models}/nnet1_dnn/final.nnet -o c.xml", 0, ("c.bin", "c.xml")),
    Line("convert {models}/nnet1_dnn/final.nnet -o c.onnx", 2),
    Line("convert {models}/dnn_digits.xml -o c.xml", 3),
    Line("inspect {models}/dnn_digits.xml", 0),
    Line("inspect {models}/nnet3_tdnn/final.mdl", 0),
    Line("inspect notes.txt", 3),
    Line("bench none.xml", 3),
    Line("bench {models}/dnn_digits.xml --seconds x", 2),
    Line("quantize none.xml -o q.xml -i one.ark", 3),
    Line("quantize {models}/dnn_digits.xml -o q.xml --no-such", 2),
    Line("compare-layers {models}/dnn_digits.xml -i {data}/dnn_digits/features.ark --against device=GNA_SW_EXACT", 0),
    Line("compare-layers {models}/dnn_digits.xml -i {data}/dnn_digits/features.ark --against device=CPU", 2),
    Line("compare-layers {models}/dnn_digits.xml -i {data}/dnn_digits/features.ark --against nothing", 2),
    Line("compare-layers {models}/dnn_digits.xml -i {data}/dnn_digits/features.ark", 2),
    Line("compare-profiles one.ark two.ark", 3),
    Line("compare-profiles profile.csv profile.csv", 0),
    Line("compare-profiles none.json none.json", 3),
    Line("devices", 0),
    Line("devices --no-such", 2),
    Line("cache", 0),
    Line("cache --clear --no-such", 2),
)
