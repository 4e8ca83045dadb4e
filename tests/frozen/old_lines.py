"""Command lines of the removed samples, of all four generations, and what each means in options of today."""

from __future__ import annotations

_FILES = "-m m.xml -i f.ark"
_TODAY = "score --model m.xml --input f.ark"

# The C++ sample (gflags): one dash or two, values after a blank or `=`, flags as `-pc`, `-pc=true`, `-nopc`.
CPP = (
    ("", ""),
    ("-d CPU", "--device CPU"),
    ("-d=HETERO:GNA,CPU", "--device HETERO:GNA,CPU"),
    ("--d GNA_SW_EXACT", "--device GNA_SW_EXACT"),
    ("-o s.ark -r ref.ark", "--output s.ark --reference ref.ark"),
    ("--o=s.ark --r=ref.ark", "--output s.ark --reference ref.ark"),
    ("-bs 1", "--batch-size 1"),
    ("-bs=8", "--batch-size 8"),
    ("--bs=8", "--batch-size 8"),
    ("-layout [NC]", "--layout [NC]"),
    ("-layout=in0[NC],in1[NCHW]", "--layout in0[NC],in1[NCHW]"),
    ("-q static", "--quantization static"),
    ("-q=user -sf 2175.43", "--quantization user --scale-factor 2175.43"),
    ("-q user -sf input:2175.43", "--quantization user --scale-factor input:2175.43"),
    ("-q user -sf=input=2175.43,b=1.5", "--quantization user --scale-factor input=2175.43,b=1.5"),
    ("-q dynamic", "--quantization dynamic"),
    ("-qb 8", "--quantization-bits 8"),
    ("--qb=16", "--quantization-bits 16"),
    ("-exec_target GNA_TARGET_2_0", "--exec-target GNA_TARGET_2_0"),
    ("--exec_target=GNA_TARGET_3_5_E", "--exec-target GNA_TARGET_3_5_E"),
    ("-compile_target=GNA_TARGET_3_0", "--compile-target GNA_TARGET_3_0"),
    ("-memory_reuse_off", "--memory-reuse-off"),
    ("-memory_reuse_off=true", "--memory-reuse-off"),
    ("-memory_reuse_off=false", ""),
    ("-nomemory_reuse_off", ""),
    ("-log LOG_WARNING", "--log LOG_WARNING"),
    ("-nthreads 2", "--threads 2"),
    ("--nthreads=2", "--threads 2"),
    ("-pwl_me 1.0", "--pwl-me 1.0"),
    ("-cw_l 3 -cw_r=4", "--context-left 3 --context-right 4"),
    ("-pc", "--performance-counter"),
    ("--pc", "--performance-counter"),
    ("-pc=true", "--performance-counter"),
    ("--pc=T", "--performance-counter"),
    ("-pc=1", "--performance-counter"),
    ("-pc=yes", "--performance-counter"),
    ("-pc=false", ""),
    ("-nopc", ""),
    ("--nopc", ""),
    ("-wg m.blob", "--export-model m.blob"),
    ("--wg=m.blob", "--export-model m.blob"),
    ("-we m.bin", "--export-embedded-model m.bin"),
    ("-iname input -oname out:0 -o x.ark", "--input-layers input --output-layers out:0 --output x.ark"),
    ("-oname=a:0,b:1 -o x.ark,y.ark", "--output-layers a:0,b:1 --output x.ark,y.ark"),
    ("-o a:0=x.ark -r a:0=y.ark", "--output a:0=x.ark --reference a:0=y.ark"),
)

# The Python sample (argparse): long names with underscores, `-x value`, `--name value` or `--name=value`.
PYTHON = (
    ("--device CPU", "--device CPU"),
    ("--output s.npz --reference ref.npz", "--output s.npz --reference ref.npz"),
    ("--batch_size 8", "--batch-size 8"),
    ("--batch_size=8", "--batch-size 8"),
    ("--quantization_bits 8", "--quantization-bits 8"),
    ("--scale_factor 1.5", "--scale-factor 1.5"),
    ("-sf 2175.43,1.0", "--scale-factor 2175.43,1.0"),
    ("--export_gna_model m.blob", "--export-model m.blob"),
    ("--export_embedded_gna_model m.bin", "--export-embedded-model m.bin"),
    ("-we_gen GNA3", "--embedded-configuration GNA3"),
    ("--embedded_gna_configuration GNA1", "--embedded-configuration GNA1"),
    ("--exec_target GNA_TARGET_3_0", "--exec-target GNA_TARGET_3_0"),
    ("-exec_target=GNA_TARGET_2_0", "--exec-target GNA_TARGET_2_0"),
    ("--context_window_left 2 --context_window_right=1", "--context-left 2 --context-right 1"),
    ("-cw_l 2 -cw_r 1", "--context-left 2 --context-right 1"),
    ("-pwl_me 0.5", "--pwl-me 0.5"),
    ("--performance_counter", "--performance-counter"),
    ("-pc", "--performance-counter"),
    ("--arch CORE", "--arch CORE"),
    ("-a ATOM", "--arch ATOM"),
    (
        "--input_layers in --output_layers out:0 --output x.ark",
        "--input-layers in --output-layers out:0 --output x.ark",
    ),
    ("-layout input[NC]", "--layout input[NC]"),
)

# Options of Kaldi's programs in their spelling, which scripts carry along.
KALDI = (
    ("--use-priors=true", "--use-priors"),
    ("--use-priors=false", ""),
    ("--use-gpu=no", ""),
    ("--frames_per_chunk=50", "--frames-per-chunk 50"),
    ("--frames-per-chunk=50 --extra-left-context=3", "--frames-per-chunk 50 --extra-left-context 3"),
    ("--no-softmax=true --class-frame-counts=c", "--no-softmax --class-frame-counts c"),
    ("--pad-input=false", "--no-pad-input"),
    ("--apply-log=true --acoustic-scale=0.1", "--apply-log --acoustic-scale 0.1"),
    (
        "--online-ivectors=scp:iv.scp --online-ivector-period=10",
        "--online-ivectors scp:iv.scp --online-ivector-period 10",
    ),
)

# Whole lines: (old, today).
WHOLE = (
    ("-m=m.xml --i=f.ark", _TODAY),
    ("--model m.xml --input f.ark", _TODAY),
    ("-rg m.blob -i f.ark -o s.ark", "score --import-model m.blob --input f.ark --output s.ark"),
    ("--import_gna_model m.blob -i f.ark", "score --import-model m.blob --input f.ark"),
    ("-m m.xml -wg m.blob", "score --model m.xml --export-model m.blob"),
    ("-i a.ark,b.ark -m m.xml", "score --input a.ark,b.ark --model m.xml"),
    ("-i a:0=a.ark,b:1=b.ark -m m.xml", "score --input a:0=a.ark,b:1=b.ark --model m.xml"),
    ("score -m m.xml -i f.ark --bs=8 -pc=true", f"{_TODAY} --batch-size 8 --performance-counter"),
)

LINES = tuple(
    [(f"{_FILES} {old}".strip(), f"{_TODAY} {today}".strip()) for old, today in (*CPP, *PYTHON, *KALDI)] + list(WHOLE)
)

_RUN = "-m {models}/dnn_digits.xml -i {data}/dnn_digits/features.ark"
_RUN_TODAY = "score --model {models}/dnn_digits.xml --input {data}/dnn_digits/features.ark"

# Lines that really run, and write s.ark (or s.npz).
RUNS = (
    (f"{_RUN} -o s.ark -d=CPU -bs=8 -nopc", f"{_RUN_TODAY} --output s.ark --batch-size 8"),
    (
        f"{_RUN} --output_layers score:0 --output s.ark --context_window_left 0 --batch_size 2",
        f"{_RUN_TODAY} --output-layers score:0 --output s.ark --batch-size 2",
    ),
    (
        f"{_RUN} -o score:0=s.ark -d GNA_SW_EXACT -q=user -sf=2175.43 --qb=8 -memory_reuse_off=true",
        f"{_RUN_TODAY} --output score=s.ark --device GNA_SW_EXACT --quantization user --scale-factor 2175.43 "
        "--quantization-bits 8 --memory-reuse-off",
    ),
    (
        f"{_RUN} -o s.ark --device GNA_SW_EXACT --scale_factor 2175.43 --quantization_bits 16 -a CORE",
        f"{_RUN_TODAY} --output s.ark --device GNA_SW_EXACT --scale-factor 2175.43",
    ),
)
