"""Tables of examples, read one after the other."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

from ov_asr_score.egs.chain_example import read_chain_example
from ov_asr_score.egs.example import Example
from ov_asr_score.egs.nnet2_example import read_nnet2_example
from ov_asr_score.egs.nnet3_example import read_nnet3_example
from ov_asr_score.errors import FileAccessError, ModelFormatError, OvAsrScoreError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.files.input import split_offset
from ov_asr_score.kaldi_io.foreign import describe_start
from ov_asr_score.kaldi_io.matrices.matrix import BINARY_MARK
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier, parse_read_specifier
from ov_asr_score.kaldi_io.tables.archive import read_key
from ov_asr_score.kaldi_io.tables.script import read_script
from ov_asr_score.kaldi_model.token_reader import ModelReader
from ov_asr_score.text import clipped, shown_key

logger = logging.getLogger(__name__)

_READERS = {
    "<Nnet3Eg>": read_nnet3_example,
    "<Nnet3ChainEg>": read_chain_example,
    "<NnetExample>": read_nnet2_example,
}
_EXPECTED = "a table of examples (egs)"
_OTHER_EXAMPLES = {
    "<Nnet3DiscriminativeEg>": "a discriminative example of nnet3, whose objective (MMI, sMBR) is not computed",
    "<DiscriminativeNnetExample>": "a discriminative example of nnet2, whose objective (MMI, sMBR) is not computed",
}
_NO_EXAMPLES = {
    "<TransitionModel>": "a Kaldi model",
    "<Nnet3>": "a Kaldi model",
    "<Nnet>": "a Kaldi model",
    **dict.fromkeys(("FM", "DM", "CM", "CM2", "CM3"), "a matrix, as features or scores are"),
    **dict.fromkeys(("FV", "DV"), "a vector"),
}


def read_examples(specifier: str | ReadSpecifier, *, allow_commands: bool = False) -> Iterator[Example]:
    """The examples of an archive or a script, in the order of the table.

    Raises SpecifierError at once; FileAccessError and TableFormatError, naming file, example and byte, on the way. With
    the option ``p`` (permissive) those that a script cannot give are skipped, and an archive ends where it is damaged.
    """
    parsed = parse_read_specifier(specifier)
    if parsed.form == "npz":
        raise SpecifierError(f"{parsed.original}: expected an archive or a script of examples, found NPZ")
    reading = _read_script_examples if parsed.form == "scp" else _read_archive_examples
    return reading(parsed, allow_commands)


def _read_archive_examples(specifier: ReadSpecifier, allow_commands: bool) -> Iterator[Example]:
    with open_stream(specifier.filename, allow_commands=allow_commands) as stream:
        while True:
            try:
                key = _next_key(stream)
                example = None if key is None else read_example(stream, key)
            except TableFormatError as error:
                if not specifier.permissive:
                    raise
                logger.warning("skipped, with all that follows: %s", error)
                return
            if example is None:
                return
            yield example


def _next_key(stream: KaldiStream) -> str | None:
    """The key of the next example; what the file is instead, if it does not begin with one."""
    is_first = stream.offset == 0
    try:
        return read_key(stream)
    except TableFormatError as error:
        said = describe_start(stream.start, stream.name, _EXPECTED) if is_first else ""
        if not said:
            raise
        raise TableFormatError(f"{stream.name}: {said}") from error


def _read_script_examples(specifier: ReadSpecifier, allow_commands: bool) -> Iterator[Example]:
    for line in read_script(specifier.filename, allow_commands=allow_commands):
        try:
            if line.part is not None:
                raise TableFormatError("examples cannot be cut by a range")
            with open_stream(line.rxfilename, allow_commands=allow_commands) as stream:
                example = read_example(stream, line.key)
        except (FileAccessError, TableFormatError) as error:
            located = _at_line(error, specifier.filename, line.number)
            if not specifier.permissive:
                raise located from error
            logger.warning("skipped: %s", located)
            continue
        yield replace(example, place=f"{split_offset(line.rxfilename)[0]}: example {shown_key(line.key)}")


def _at_line(error: OvAsrScoreError, script: str, number: int) -> OvAsrScoreError:
    return type(error)(f"{script}: line {number}: {error}", fields=error.fields)


def read_example(stream: KaldiStream, key: str) -> Example:
    """The example at the stream's position, binary or text. Raises TableFormatError."""
    stream.context = f"example {shown_key(key)}"
    start = stream.offset
    place = f"{stream.name}: {stream.context} at byte {start}"
    binary = stream.peek(2) == BINARY_MARK
    if binary:
        stream.read(2)
    reader = ModelReader(stream, binary)
    token = reader.peek_token()
    reading = _READERS.get(token)
    if reading is None:
        raise stream.error("an example (egs)", _what_it_is(token), offset=start)
    reader.read_token()
    try:
        return reading(reader, key, place)
    except ModelFormatError as error:
        raise TableFormatError(str(error)) from error


def _what_it_is(token: str) -> str:
    known = _OTHER_EXAMPLES.get(token) or _NO_EXAMPLES.get(token)
    return known or (clipped(token) if token else "the end of the file")
