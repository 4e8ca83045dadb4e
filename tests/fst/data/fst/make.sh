#!/bin/sh
# Makes the automata of this folder with OpenFst 1.7.9.
fstcompile acceptor.txt vector.fst
awk -F'\t' 'NF>3{$4=$4+1}1' OFS='\t' acceptor.txt >transducer.txt
fstcompile transducer.txt transducer.fst
fstconvert --fst_type=const vector.fst const.fst
fstconvert --fst_type=const --fst_align=true vector.fst const_aligned.fst
fstconvert --fst_type=compact_acceptor vector.fst compact.fst
fstconvert --fst_type=compact_acceptor --fst_align=true vector.fst compact_aligned.fst
fstsymbols --isymbols=symbols.txt --osymbols=symbols.txt vector.fst symbols.fst
fstcompile --arc_type=log acceptor.txt log.fst
