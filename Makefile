# make demo   install, score the bundled utterances with the bundled model, compare with Kaldi's own scores
# make test   install, lint, check types, run all tests
# make bench  measure side by side with the old way, with what the runtime can do at best, and with Kaldi if it is there;
#             about five minutes. make bench-full takes an hour or more. BENCH_OPTIONS=--update-readme, --only dnn, ...

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH_FOLDER ?= out/bench
BENCH_OPTIONS ?=

.PHONY: demo test lint types install bench bench-full clean

demo: $(VENV)/.installed
	@mkdir -p out
	$(BIN)/ov-asr-score score -m models/nnet3_chain_tdnnf/final.mdl -i ark:data/kaldi/hires.ark \
	  -o ark,scp:out/chain.ark,out/chain.scp -r ark:data/kaldi/nnet3_chain_tdnnf.ark \
	  --max-error 1e-4 --report out/chain.json
	$(BIN)/ov-asr-score score -m models/dnn_digits.xml -i ark:data/dnn_digits/features.ark \
	  -o ark,scp:out/loglik.ark,out/loglik.scp -r ark:data/dnn_digits/kaldi_loglik.ark \
	  --max-error 1e-4 --report out/report.json

test: lint types
	$(BIN)/python -m pytest -n 2 -q

bench: $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks.harness --folder $(BENCH_FOLDER) $(BENCH_OPTIONS)

bench-full: $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks.harness --full --folder $(BENCH_FOLDER) $(BENCH_OPTIONS)

lint: $(VENV)/.installed-test
	$(BIN)/ruff check ov_asr_score tests models benchmarks
	$(BIN)/ruff format --check ov_asr_score tests models benchmarks

types: $(VENV)/.installed-test
	$(BIN)/mypy

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $@

$(VENV)/.installed-bench: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[bench]"
	touch $@

clean:
	rm -rf $(VENV) out build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
