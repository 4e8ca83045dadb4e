#!/bin/sh
# Makes the files of this folder with OpenFst 1.7.9 from the pair of 5,000 words that Kaldi's mkgraph_lookahead.sh made
# for models/chain_ivector: sh make.sh BIGRAPH. olabel_lookahead-fst.so, ngram-fst.so: see LD_LIBRARY_PATH of OpenFst.
set -e
bigraph=$1
work=$(mktemp -d)
gzip -dc "$bigraph/lookahead/Gr.fst.gz" >"$work/Gr.fst"
fstconvert --fst_type=vector "$bigraph/lookahead/HCLr.fst" | fstarcsort --sort_type=olabel - "$work/HCL.fst"

# pair PREFIX WORD...: both halves with these words only, their labels numbered anew.
pair() {
  prefix=$1
  shift
  printf '%s\n' "$@" '#0' | awk 'NR==FNR{kept[$1]=1;next} $1 in kept{print $2}' - "$bigraph/graph/words.txt" >"$work/ids"
  awk 'NR==FNR{new[$1]=$2;next} {print 0,0,new[$1],new[$1]} END{print 0}' "$bigraph/lookahead/relabel" "$work/ids" |
    fstcompile | fstcompose "$work/HCL.fst" - | fstconnect | fstarcsort --sort_type=olabel - "$work/HCL_kept.fst"
  fstconvert --fst_type=olabel_lookahead --save_relabel_opairs="$work/relabel" "$work/HCL_kept.fst" "${prefix}HCLr.fst"
  fstprint "$bigraph/graph/G.fst" | awk 'NR==FNR{kept[$1]=1;next} NF<4||!$4||$4 in kept' "$work/ids" - | fstcompile |
    fstconnect | fstrelabel --relabel_ipairs="$bigraph/lookahead/relabel" | fstrelabel --relabel_ipairs="$work/relabel" |
    fstarcsort --sort_type=ilabel - "$work/Gr_vector.fst"
  fstconvert --fst_type=const "$work/Gr_vector.fst" "${prefix}Gr.fst"
  backoff=$(fstprint "${prefix}Gr.fst" | awk 'NF>=4&&!$4{print $3;exit}')
  fstprint "${prefix}Gr.fst" | awk -v b="$backoff" -v OFS='\t' 'NF>=4{if($3==b)$3=0; $4=$3} 1' | fstcompile |
    fstarcsort --sort_type=ilabel | fstconvert --fst_type=ngram - "${prefix}Gr_ngram.fst"
}

pair tiny_ on up
fstconvert --fst_type=olabel_lookahead --fst_align=true "$work/HCL_kept.fst" tiny_HCLr_aligned.fst
fstconvert --fst_type=vector tiny_Gr.fst tiny_Gr_vector.fst
pair '' back close down eight five four left next nine no off on one open pause play right seven six start stop three \
  two up yes zero
fstprint HCLr.fst HCLr.txt
fstprint Gr_ngram.fst Gr_ngram.txt
awk 'NR==FNR{kept[$1]=1;next} $2==0||$2 in kept' "$work/ids" "$bigraph/graph/words.txt" >words.txt
cp "$bigraph/lookahead/disambig_tid.int" .
python3 four_grams.py | fstcompile | fstarcsort --sort_type=ilabel - "$work/four.fst"
fstconvert --fst_type=ngram "$work/four.fst" four_grams.fst
fstprint four_grams.fst four_grams.txt
for order in 3 4; do
  python3 by_chance.py $order Gr_ngram.txt | fstcompile | fstarcsort --sort_type=ilabel - "$work/chance.fst"
  fstconvert --fst_type=ngram "$work/chance.fst" Gr_order_$order.fst
done
rm -r "$work"
