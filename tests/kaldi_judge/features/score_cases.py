"""Cases from sound to scores in one command: MFCC, what follows them, perhaps i-vectors, and a chain model."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from tests.kaldi_judge.features.running import Case
from tests.kaldi_judge.features.sound_cases import unsettle
from tests.kaldi_judge.features.sounds import files_of, random_sound

_ROOT = Path(__file__).parents[3]


def score_case(folder: Path, chance: np.random.Generator) -> Case:
    """nnet3-compute behind compute-mfcc-feats, and ivector-extract-online2 where the model takes i-vectors."""
    with_ivectors = chance.random() < 0.5
    model = "chain_ivector" if with_ivectors else "nnet3_chain_tdnnf"
    sounds = [random_sound(chance, 16000) for _ in range(int(chance.integers(1, 4)))]
    keys = [f"u{number}" for number in range(len(sounds))]
    pairs = list(map(files_of, sounds))
    for side, place in (("ours", 0), ("kaldi", 1)):
        at = folder / side
        for key, pair in zip(keys, pairs, strict=True):
            (at / f"{key}.wav").write_bytes(pair[place])
        (at / "wav.scp").write_text("".join(f"{key} {key}.wav\n" for key in keys))
        shutil.copy(_ROOT / "models" / "chain_ivector" / "conf" / "mfcc.conf", at)
        shutil.copy(_ROOT / "models" / model / "final.mdl", at)
        (at / "models" / "chain_ivector").mkdir(parents=True)
        place_of_extractor = Path("models", "chain_ivector", "ivector_extractor")
        shutil.copytree(_ROOT / place_of_extractor, at / place_of_extractor)
    extractor = "models/chain_ivector/ivector_extractor/ivector_extractor.conf"
    kaldi = [["nnet3-am-copy", "--raw=true", "final.mdl", "final.raw"]]
    kaldi += [["compute-mfcc-feats", "--config=mfcc.conf", "scp:wav.scp", "ark:f.ark"]]
    ours = ["score", "-m", "final.mdl", "-i", "wav,scp:wav.scp", "--feature-config", "mfcc.conf", "-o", "ark:out.ark"]
    features, network = "f.ark", ["nnet3-compute", "--frame-subsampling-factor=3"]
    if with_ivectors:
        utterances = "".join(f"{key} {key}\n" for key in keys)
        (folder / "kaldi" / "spk2utt").write_text(utterances)
        kaldi += [["ivector-extract-online2", f"--config={extractor}", "ark:spk2utt", "ark:f.ark", "ark:i.ark"]]
        network += ["--online-ivectors=ark:i.ark", "--online-ivector-period=10"]
        ours += ["--ivector-extractor", extractor, "--frames-per-chunk", "50"]
    if chance.random() < 0.3:
        kaldi += [["apply-cmvn-sliding", "--center=true", f"ark:{features}", "ark:c.ark"]]
        ours += ["--cmvn=sliding", "--center=true"]
        features = "c.ark"
    kaldi += [[*network, "final.raw", f"ark:{features}", "ark:out.ark"]]
    ours += ["--frame-subsampling-factor", "3"]
    return Case(
        *("scores", folder, kaldi, ours, keys, 2e-4, 2e-5, "; ".join(sound.text for sound in sounds)),
        lambda seed: unsettle(folder, seed),
        rare=(0.02, 1e-2 if with_ivectors else 1e-3),
        other_kernels=True,
    )
