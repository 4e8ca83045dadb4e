"""Makes the golden cases of nnet2 and nnet3 with Kaldi's own programs, which must be on PATH.

    python -m tests.golden.make_cases [name of a case ...]

Each case is a folder with a small model in text and binary form, features, and the scores that Kaldi's own program
gives for them. All numbers depend on the name of the case only, so that a case that is made again is the same.

What has no case, because Kaldi's programs refuse it or give no numbers of their own:

- all types of components have one; batch normalization without statistics, and inside of a composite in training mode,
  depends on random numbers or on the other frames of a chunk;
- dropout and noise of nnet2 are random; the case is that of nnet-am-copy --remove-dropout;
- NormalizeComponent without <TargetRms>: the reader takes what happens to be in memory;
- Sum of one node with two scales, Scale around IfDefined, Failover, Switch or Const, Const inside of IfDefined or
  Failover, Offset of Const: nnet-descriptor.cc refuses them;
- ReplaceIndex(node, t, 0) of what changes over time, Round of an i-vector beyond its period, Switch between parts with
  very different contexts: the contexts of the network cannot be found (nnet-utils.cc);
- an output that is nothing but IfDefined of what is missing in a whole chunk: its rows are never written;
- recurrences around which the delays add up to zero, or that need no input at all;
- SpliceComponent of nnet2 with a first offset above 0 and none before it, and --pad-input=false of nnet-am-compute,
  which asserts that --chunk-size is negative (nnet-compute takes it).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.golden import (
    nnet2_models,
    nnet2_odd_models,
    nnet3_accepted_models,
    nnet3_component_models,
    nnet3_descriptor_models,
    nnet3_gated_models,
    nnet3_node_models,
    nnet3_old_models,
    nnet3_recurrent_models,
    nnet3_statistics_models,
    nnet3_time_models,
    nnet3_xvector_models,
)
from tests.golden.golden_case import Case
from tests.golden.model_text import (
    component_types,
    descriptor_names,
    random_numbers,
    text_matrix,
    text_vector,
    with_nodes,
    with_values,
)

HERE = Path(__file__).parent
CASES: dict[str, tuple[Case, ...]] = {
    "nnet2": (*nnet2_models.CASES, *nnet2_odd_models.CASES),
    "nnet3": (
        *nnet3_component_models.CASES,
        *nnet3_descriptor_models.CASES,
        *nnet3_node_models.CASES,
        *nnet3_time_models.CASES,
        *nnet3_statistics_models.CASES,
        *nnet3_recurrent_models.CASES,
        *nnet3_gated_models.CASES,
        *nnet3_old_models.CASES,
        *nnet3_accepted_models.CASES,
    ),
    "xvectors": nnet3_xvector_models.CASES,
}
# Folders of models of another name than their generation.
_GENERATION = {"xvectors": "nnet3"}
# Model in text form -> in binary form, by generation and whether there is a transition model before it.
_COPY = {
    ("nnet2", False): "raw-nnet-copy",
    ("nnet2", True): "nnet-am-copy",
    ("nnet3", False): "nnet3-copy",
    ("nnet3", True): "nnet3-am-copy",
}


def make_case(generation: str, case: Case, folder: Path) -> None:
    """Write the files of a case. Raises RuntimeError with what Kaldi's program said when it fails."""
    folder.mkdir(parents=True)
    text = case.edit(with_values(case.text or _initial_text(generation, case), case.name))
    is_acoustic = bool(case.priors)
    model = folder / ("model.mdl" if is_acoustic else "model.raw")
    written = folder / "model.txt"
    written.write_text(acoustic_model(generation, text, case) if is_acoustic else text)
    _run([_COPY[generation, is_acoustic], "--binary=true", str(written), str(model)])
    if case.finish is not None:
        model.write_bytes(case.finish(model.read_bytes()))
    _write_inputs(case, folder)
    for number, options in enumerate(case.runs, 1):
        output = "output.ark" if number == 1 else f"output{number}.ark"
        _score(generation, case, options, model, folder / output)
    _write_description(case, text, folder / "case.toml")


def _initial_text(generation: str, case: Case) -> str:
    program = "nnet3-init" if generation == "nnet3" else "nnet-init"
    text = _run([program, "--binary=false", "--srand=0", "-", "-"], case.config.encode()).decode()
    return with_nodes(text, case.config) if generation == "nnet3" else text


def acoustic_model(generation: str, text: str, case: Case) -> str:
    """The text form of a model with a transition model before it and priors behind it."""
    numbers = random_numbers(f"{case.name} priors")
    shares = numbers.random(case.priors) + 0.2
    priors = text_vector(shares / shares.sum())
    end = f"<LeftContext> 0 <RightContext> 0 <Priors> {priors}\n" if generation == "nnet3" else f"{priors}\n"
    return transition_model(case.priors) + text.strip() + " " + end


def transition_model(num_pdfs: int) -> str:
    """A transition model of one phone of one state for each pdf."""
    phones = " ".join(str(phone) for phone in range(1, num_pdfs + 1))
    tuples = "".join(f"{phone} 0 {phone - 1} {phone - 1}\n" for phone in range(1, num_pdfs + 1))
    logs = text_vector([0.0] + [-0.6931472] * (2 * num_pdfs))
    return (
        f"<TransitionModel> \n<Topology> \n<TopologyEntry> \n<ForPhones> \n{phones}\n</ForPhones> \n"
        "<State> 0 <PdfClass> 0 <Transition> 0 0.5 <Transition> 1 0.5 </State> \n<State> 1 </State> \n"
        f"</TopologyEntry> \n</Topology> \n<Tuples> {num_pdfs} \n{tuples}</Tuples> \n<LogProbs> \n {logs}\n"
        "</LogProbs> \n</TransitionModel> \n"
    )


def _write_inputs(case: Case, folder: Path) -> None:
    numbers = random_numbers(f"{case.name} input")
    features = {
        f"utt{index}": numbers.standard_normal((length, case.dim)) for index, length in enumerate(case.lengths, 1)
    }
    # A frame of zeros is at the floor of some components.
    features["utt1"][-1] = 0
    table = "".join(f"{key} {text_matrix(value)}\n" for key, value in features.items())
    _run(["copy-feats", "ark,t:-", f"ark:{folder / 'input.ark'}"], table.encode())
    if not case.ivector_dim:
        return
    if case.ivector_period:
        rows = {key: -(-len(value) // case.ivector_period) for key, value in features.items()}
        table = "".join(
            f"{key} {text_matrix(numbers.standard_normal((count, case.ivector_dim)))}\n" for key, count in rows.items()
        )
        _run(["copy-feats", "ark,t:-", f"ark:{folder / 'ivector.ark'}"], table.encode())
        return
    keys = ["anna", "bert"] if case.speakers else list(features)
    table = "".join(f"{key} {text_vector(numbers.standard_normal(case.ivector_dim))}\n" for key in keys)
    _run(["copy-vector", "ark,t:-", f"ark:{folder / 'ivector.ark'}"], table.encode())
    if case.speakers:
        lines = [f"{key} {keys[index % 2]}\n" for index, key in enumerate(features)]
        (folder / "utt2spk").write_text("".join(lines))


def _score(generation: str, case: Case, options: tuple[str, ...], model: Path, output: Path) -> None:
    source = str(model)
    if f"component-node name={case.output_name} " in case.config:
        # As scripts of x-vectors do: the output of the network reads an inner node instead.
        line = f"output-node name=output input={case.output_name}"
        source = f"nnet3-copy '--nnet-config=echo {line}|' {model} - |"
    elif case.output_name:
        edits = f"remove-output-nodes name=output; rename-node old-name={case.output_name} new-name=output"
        copy = _COPY[generation, bool(case.priors)] + (" --raw=true" if case.priors else "")
        source = f"{copy} '--edits={edits}' {model} - |"
    elif case.before:
        source = f"{case.before} {model} - |"
    words = [option.replace("ark:", f"ark:{model.parent}/") for option in options]
    gpu = [] if case.program == "nnet-compute" else ["--use-gpu=no"]
    _run([case.program, *gpu, *words, source, f"ark:{model.parent / 'input.ark'}", f"ark:{output}"])


def _write_description(case: Case, text: str, path: Path) -> None:
    lines = [
        f"program = {_toml(case.program)}",
        f"options = {_toml(case.runs[0])}",
        f"components = {_toml(component_types(text))}",
        f"descriptors = {_toml(descriptor_names(text))}",
    ]
    if len(case.runs) > 1:
        lines.insert(2, f"more_options = [{', '.join(_toml(options) for options in case.runs[1:])}]")
    if case.before:
        lines.append(f"before = {_toml(case.before)}")
    if case.output_name:
        lines.append(f"output_name = {_toml(case.output_name)}")
    if case.scores_per:
        lines.append(f"scores_per = {_toml(case.scores_per)}")
    lines.append(f"tolerance = {case.tolerance:g}" + (f"  # {case.reason}" if case.reason else ""))
    path.write_text("\n".join(lines) + "\n")


def _toml(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return f'"{value}"'


def _run(words: list[str], stdin: bytes = b"") -> bytes:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(words, input=stdin, capture_output=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}\n{done.stderr.decode(errors='replace')}")
    return done.stdout


def main(names: list[str]) -> int:
    """The number of cases that could not be made; those that can are written, all of them when none are named."""
    failures = 0
    for generation, cases in CASES.items():
        for case in cases:
            if names and case.name not in names and f"{generation}/{case.name}" not in names:
                continue
            with tempfile.TemporaryDirectory() as scratch:
                made = Path(scratch) / case.name
                try:
                    make_case(_GENERATION.get(generation, generation), case, made)
                except (RuntimeError, ValueError) as error:
                    failures += 1
                    print(f"{generation}/{case.name}: {error}", file=sys.stderr)
                    continue
                target = HERE / generation / case.name
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(made, target)
    return failures


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
