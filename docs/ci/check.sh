#!/bin/sh
# check.sh SUITE.toml [FOLDER]: run a suite, leave reports in FOLDER, say in one line what a build has to know.
set -u
suite=${1:?"usage: check.sh SUITE.toml [FOLDER]"}
folder=${2:-out}
mkdir -p "$folder" || exit 3

ov-asr-score check "$suite" --junit "$folder/check.xml" --json "$folder/check.json" --markdown "$folder/check.md"
code=$?
case $code in
  0) echo "scores are as they should be" ;;
  1) echo "scores changed, or a case could not be run: see $folder/check.md" ;;
  *) echo "$suite could not be run" ;;
esac
exit $code
