# make demo   install, transcribe the bundled sound with the bundled model directory, go the same way step by step, and
#             from stored features to scores, compare with Kaldi's own; the DNN as a GNA device would, too, with 16 and
#             8 bit weights and a table of what each layer loses
# make test   install, lint, check types, run all tests
# make fast   all tests but those marked as slow; make coverage: all tests, with the coverage of lines and branches
# make soak   what takes more than two minutes: sessions at the pace of speech, and their memory
# make docs   the API reference, in out/docs; make schemas: the JSON Schemas of the reports, in docs/schemas
# make hooks  check what is committed and pushed (.pre-commit-config.yaml)
# make test-2023  the tests of scoring and conversion with OpenVINO 2023.3 (needs Python 3.10 or 3.11);
#             TESTS_2023=tests/device: some of them
# make proof  generated models, whose axes are known, beside onnxruntime: how many are scored, asked about, and wrong;
#             PROOF_OPTIONS="--models 5000 --seed 7"
# make judge  has Kaldi's programs in the folder KALDI judge changed models beside us, and prints how often both agree;
#             JUDGE_OPTIONS="--generation nnet2 --models 1000 --seed 7 --keep out/judge"
# make damage reads damaged files of all kinds, and prints how many are read, refused in one line, or a fault;
#             DAMAGE_OPTIONS="--files 10000 --seed 7 --only 'nnet|blob' --keep out/damage"
# make bench  measure side by side with the old way, with what the runtime can do at best, and with Kaldi if it is there;
#             about five minutes. make bench-full takes an hour or more. BENCH_OPTIONS=--update-readme, --only dnn, ...

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VENV_2023 := .venv-2023
PYTHON_2023 ?= $(shell for python in $(PYTHON) python3.11 python3.10; do \
  $$python -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 12))' 2>&- && echo $$python && break; done)
# what does not depend on the runtime is tested with the newest one
SAME_WITH_ANY_RUNTIME := recognition vosk pipelines model_directory job/transcribe decoding/phrases decoding/token_passing transcript word_errors lattice fst audio
TESTS_2023 ?= tests $(addprefix --ignore=tests/,$(SAME_WITH_ANY_RUNTIME))
BENCH_FOLDER ?= out/bench
BENCH_OPTIONS ?=
PROOF_OPTIONS ?=
KALDI ?=
JUDGE_OPTIONS ?= --generation nnet1

SOURCES := ov_asr_score tests models benchmarks docs .github

.PHONY: demo test fast soak coverage test-2023 lint types proof judge damage docs schemas hooks install bench bench-full clean

demo: $(VENV)/.installed
	@mkdir -p out
	$(BIN)/ov-asr-score transcribe models/chain_ivector data/speech --text out/transcribed.txt
	cmp out/transcribed.txt data/speech/kaldi_online_text
	$(BIN)/ov-asr-score score -m models/chain_ivector/final.mdl -i data/speech --feature-config models/chain_ivector/conf/mfcc.conf \
	  --ivector-extractor models/chain_ivector/ivector_extractor/ivector_extractor.conf --frame-subsampling-factor 3 \
	  --frames-per-chunk 50 -o ark,scp:out/speech.ark,out/speech.scp -r ark:data/speech/kaldi_scores.ark \
	  --max-error 1e-3 --report out/speech.json --graph models/chain_ivector/graph/HCLG.fst --text out/words.txt \
	  --ctm out/words.ctm
	$(BIN)/ov-asr-score score -m models/nnet3_chain_tdnnf/final.mdl -i ark:data/kaldi/hires.ark \
	  -o ark,scp:out/chain.ark,out/chain.scp -r ark:data/kaldi/nnet3_chain_tdnnf.ark \
	  --max-error 1e-4 --report out/chain.json
	$(BIN)/ov-asr-score score -m models/dnn_digits.xml -i ark:data/dnn_digits/features.ark \
	  -o ark,scp:out/loglik.ark,out/loglik.scp -r ark:data/dnn_digits/kaldi_loglik.ark \
	  --max-error 1e-4 --report out/report.json
	for bits in 16 8; do $(BIN)/ov-asr-score score -m models/dnn_digits.xml -d GNA_SW_EXACT -qb $$bits \
	  -i ark:data/dnn_digits/features.ark -r ark:data/dnn_digits/kaldi_loglik.ark --max-rms-error 0.06 \
	  --gna-report || exit; done
	cat out/words.ctm
	cmp out/words.txt data/speech/kaldi_text
	$(BIN)/ov-asr-score wer data/speech/text out/words.txt

test: lint types
	$(BIN)/python -m pytest -n 2 -q --durations=15

fast: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n 2 -q -m "not slow and not soak"

soak: $(VENV)/.installed-test
	$(BIN)/python -m pytest -q -s -m soak

coverage: $(VENV)/.installed-test
	@mkdir -p out
	$(BIN)/python -m pytest -n 2 -q --durations=15 --cov --cov-report=term:skip-covered --cov-report=xml:out/coverage.xml

ifeq ($(PYTHON_2023),)
test-2023:
	@echo "make test-2023: skipped, because OpenVINO 2023.3 has wheels for Python up to 3.11 and there is none; name one" \
	  "with PYTHON_2023="
else
test-2023: $(VENV_2023)/.installed
	$(VENV_2023)/bin/python -m pytest -n 2 -q $(TESTS_2023)
endif

bench: $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks.harness --folder $(BENCH_FOLDER) $(BENCH_OPTIONS)

bench-full: $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks.harness --full --folder $(BENCH_FOLDER) $(BENCH_OPTIONS)

proof: $(VENV)/.installed-test
	$(BIN)/python -m tests.axes_proof.figures $(PROOF_OPTIONS)

lint: $(VENV)/.installed-test
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

types: $(VENV)/.installed-test
	$(BIN)/mypy

judge: $(VENV)/.installed-test
	$(BIN)/python -m tests.kaldi_judge --kaldi "$(KALDI)" $(JUDGE_OPTIONS)

damage: $(VENV)/.installed-test
	$(BIN)/python -m tests.damage $(DAMAGE_OPTIONS)

docs: $(VENV)/.installed-docs
	$(BIN)/python docs/build_api_reference.py out/docs

schemas: $(VENV)/.installed
	$(BIN)/python -m ov_asr_score.report.schemas docs/schemas

hooks: $(VENV)/.installed-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	$(BIN)/pre-commit install

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[audio,decode]"
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $@

$(VENV)/.installed-docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[docs]"
	touch $@

# without nncf, which is for newer releases
$(VENV_2023)/.installed: pyproject.toml
	$(PYTHON_2023) -m venv $(VENV_2023)
	$(VENV_2023)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[audio-all,decode,lookahead]" "openvino==2023.3.*" \
	  build hypothesis jsonschema kaldi-native-fbank kaldi-native-io kaldilm "matplotlib>=3.9" onnx onnxruntime pdoc praatio pysubs2 pytest pytest-timeout pytest-xdist pyyaml webvtt-py
	touch $@

$(VENV)/.installed-bench: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[bench]"
	touch $@

clean:
	rm -rf $(VENV) $(VENV_2023) out build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
