"""Commands that do nothing but decode a sound file, as they stand in wav.scp: they need not be run.

Known are ``sph2pipe -f wav``, ``sox FILE -t wav -``, ``flac -c -d``, ``ffmpeg -i FILE -f wav -``, ``wav-copy``, ``cat``
and ``gunzip -c``, also behind one another, with options that leave the sound as it is. The only thing that is chosen is
a channel, by sph2pipe. All else needs the program, or a shell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from ov_asr_score.audio.lists.shell_words import split_pipeline
from ov_asr_score.errors import SpecifierError
from ov_asr_score.kaldi_io.files.input import split_offset
from ov_asr_score.text import printable_name


@dataclass(frozen=True, slots=True)
class DecodingCommand:
    """The file whose sound a command gives, from byte ``offset`` on (None: the whole file), and its channel.

    The channel counts from 0; None is all that the file has. ``leaves_delay``: what the command makes of MP3 begins
    with the delay of the encoder (sox; other decoders cut it off).
    """

    path: str
    channel: int | None = None
    offset: int | None = None
    leaves_delay: bool = False


def parse_decoding_command(command: str) -> DecodingCommand:
    """What the command decodes; it stands in a list with ``|`` behind it, which is left out here.

    Raises SpecifierError, in whose message the command and the reason are, for a command that does more, is not known,
    or needs a shell.
    """
    try:
        return _joined([_stage(words) for words in split_pipeline(command)])
    except SpecifierError as error:
        raise SpecifierError(printable_name(f"{command}: {error}")) from None


@dataclass(frozen=True, slots=True)
class _Options:
    """Options of a program: those without a value, those with one, and those that change the sound, and what of it.

    Of the values those are listed that leave the sound as it is; none stands for all.
    """

    flags: frozenset[str]
    values: Mapping[str, frozenset[str]]
    changes: Mapping[str, str]

    def check(self, option: str, value: str) -> None:
        """Raise SpecifierError unless the option with a value leaves the sound as it is."""
        kept = self.values[option]
        if kept and value not in kept:
            raise SpecifierError(f"expected {option} {' or '.join(sorted(kept))}, found {option} {value[:20]}")

    def refusal(self, option: str) -> SpecifierError:
        """The error for an option that is not among ``flags`` and ``values``."""
        if option in self.changes:
            return SpecifierError(f"{option} changes {self.changes[option]}")
        return SpecifierError(f"{option[:20]} is no option that is known to leave the sound as it is")


def _joined(stages: list[DecodingCommand]) -> DecodingCommand:
    """What a pipeline decodes: the first command reads a file, the others what comes before them."""
    channels = [stage.channel for stage in stages if stage.channel is not None]
    if stages[0].path == "-":
        raise SpecifierError("it reads standard input")
    if any(stage.path != "-" for stage in stages[1:]):
        raise SpecifierError("a command behind | reads a file instead of what comes before it")
    if len(channels) > 1:
        raise SpecifierError("a channel is chosen twice")
    leaves_delay = any(stage.leaves_delay for stage in stages)
    return replace(stages[0], channel=channels[0] if channels else None, leaves_delay=leaves_delay)


def _stage(words: list[str]) -> DecodingCommand:
    program = words[0].rpartition("/")[2]
    if program not in _PROGRAMS:
        raise SpecifierError(f"{program[:20]!r} is not one of {', '.join(sorted(_PROGRAMS))}")
    return _PROGRAMS[program](words[1:])


def _sph2pipe(words: list[str]) -> DecodingCommand:
    given, operands = _read_options(words, _SPH2PIPE)
    if "-f" not in given:
        raise SpecifierError("without -f wav it writes no wav")
    channel = int(given["-c"]) - 1 if "-c" in given else None
    return DecodingCommand(_only(operands), channel)


def _flac(words: list[str]) -> DecodingCommand:
    given, operands = _read_options(words, _FLAC)
    if not given.keys() & {"-d", "--decode"} or not given.keys() & {"-c", "--stdout"}:
        raise SpecifierError("without -c and -d it does not decode to its output")
    return DecodingCommand(_only(operands or ["-"]))


def _cat(words: list[str]) -> DecodingCommand:
    return DecodingCommand(_only(_read_options(words, _CAT)[1] or ["-"]))


def _gzip(words: list[str]) -> DecodingCommand:
    given, operands = _read_options(words, _GZIP)
    if not given.keys() & {"-d", "--decompress", "--uncompress"}:
        raise SpecifierError("without -d it compresses")
    return _gunzip([option for option in given if option not in ("-d", "--decompress", "--uncompress")] + operands)


def _gunzip(words: list[str]) -> DecodingCommand:
    given, operands = _read_options(words, _GZIP)
    if operands not in ([], ["-"]) and not given.keys() & {"-c", "--stdout", "--to-stdout"}:
        raise SpecifierError("without -c it writes a file")
    return DecodingCommand(_only(operands or ["-"]))


def _zcat(words: list[str]) -> DecodingCommand:
    return _gunzip(["-c", *words])


def _wav_copy(words: list[str]) -> DecodingCommand:
    operands = [word for word in words if not re.match(r"--(verbose|print-args)=", word)]
    if options := [word for word in operands if word.startswith("--")]:
        raise _WAV_COPY.refusal(options[0])
    if len(operands) != 2 or operands[1] != "-":
        raise SpecifierError("expected a file and -, to which it is copied")
    if re.match(r"(\w+,)*(ark|scp)[,\w]*:", operands[0]) or operands[0].endswith("|"):
        raise SpecifierError("it copies a table, or what a command gives")
    path, offset = split_offset(operands[0])
    return DecodingCommand(path, offset=offset)


def _sox(words: list[str]) -> DecodingCommand:
    rest = iter(words)
    input_type, source = _next_operand(rest, _SOX, "the file")
    output_type, target = _next_operand(rest, _SOX, "-, to which it is decoded")
    if effect := next(rest, ""):
        if effect == "-" or target != "-":
            raise SpecifierError("it joins several files, or writes one")
        raise SpecifierError(f"the effect {effect[:20]} changes the sound")
    if target != "-" or output_type.get("-t", "").removeprefix(".") not in ("wav", "wavpcm"):
        raise SpecifierError("expected -t wav - at the end")
    if source.startswith("|"):
        raise SpecifierError("it reads from a command")
    if input_type.get("-t", "").removeprefix(".") in _HEADERLESS:
        raise SpecifierError(f"-t {input_type['-t']} is a type whose files do not say what they hold")
    return DecodingCommand(source, leaves_delay=True)


def _ffmpeg(words: list[str]) -> DecodingCommand:
    rest = iter(words)
    for word in rest:
        if word == "-i":
            break
        _take(word, rest, _FFMPEG)
    source = next(rest, "")
    given, target = _next_operand(rest, _FFMPEG_OUTPUT, "- behind -f wav")
    if (extra := next(rest, None)) is not None:
        raise SpecifierError(f"{extra[:20]} behind the output has no meaning")
    if target not in _FFMPEG_STANDARD_OUTPUT or given.get("-f") != "wav":
        raise SpecifierError("expected -f wav - at the end")
    if source in ("pipe:", "pipe:0", "/dev/stdin"):
        source = "-"
    if not source or re.match(r"[a-z0-9+,]+:", source):
        raise SpecifierError("expected a file behind -i")
    return DecodingCommand(source)


def _read_options(words: list[str], options: _Options) -> tuple[dict[str, str], list[str]]:
    """Options with their values, and operands, of a program that reads them as getopt does."""
    given: dict[str, str] = {}
    operands: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            operands += rest
        elif word.startswith("--"):
            given |= _take(word, rest, options)
        elif word.startswith("-") and word != "-":
            given |= _take_letters(word, rest, options)
        else:
            operands.append(word)
    return given, operands


def _take_letters(word: str, rest: Iterator[str], options: _Options) -> dict[str, str]:
    """Options of one letter in one word (``-cd``, ``-fwav``)."""
    given: dict[str, str] = {}
    for at, letter in enumerate(word[1:], start=2):
        option = f"-{letter}"
        if option in options.values:
            value = word[at:] or next(rest, "")
            options.check(option, value)
            return given | {option: value}
        given |= _take(option, rest, options)
    return given


def _take(option: str, rest: Iterator[str], options: _Options) -> dict[str, str]:
    """The option and its value, which is the next word if it has one. Raises SpecifierError."""
    if option in options.flags:
        return {option: ""}
    if option not in options.values:
        raise options.refusal(option)
    value = next(rest, "")
    options.check(option, value)
    return {option: value}


def _next_operand(rest: Iterator[str], options: _Options, what: str) -> tuple[dict[str, str], str]:
    """Options of whole words up to the next operand, and that. Raises SpecifierError."""
    given: dict[str, str] = {}
    for word in rest:
        if not word.startswith("-") or word == "-":
            return given, word
        given |= _take(word, rest, options)
    raise SpecifierError(f"expected {what}, found the end")


def _only(operands: list[str]) -> str:
    """The only file that is named. Raises SpecifierError."""
    if len(operands) != 1:
        raise SpecifierError(f"expected one file, found {len(operands)}")
    return operands[0]


_ANY: frozenset[str] = frozenset()
_HEADERLESS = ("raw", "s8", "s16", "s24", "s32", "u8", "u16", "al", "ul", "la", "lu", "f32", "f64", "vox", "m3u", "pls")
_FFMPEG_STANDARD_OUTPUT = ("-", "pipe:", "pipe:1", "/dev/stdout")

_SPH2PIPE = _Options(
    flags=frozenset({"-p"}),
    values={"-f": frozenset({"wav", "rif"}), "-c": frozenset({"1", "2"})},
    changes={"-t": "the length", "-s": "the length", "-u": "the encoding", "-a": "the encoding"},
)
_FLAC = _Options(
    flags=frozenset({"-c", "-d", "-s", "-f", "--stdout", "--decode", "--silent", "--totally-silent", "--force"}),
    values={},
    changes={"--skip": "the length", "--until": "the length", "--cue": "the length"},
)
_CAT = _Options(flags=frozenset({"-u"}), values={}, changes={})
_GZIP = _Options(
    flags=frozenset(
        {
            *("-c", "-d", "-f", "-k", "-q", "--stdout", "--to-stdout", "--decompress", "--uncompress"),
            *("--force", "--keep", "--quiet"),
        }
    ),
    values={},
    changes={},
)
_WAV_COPY = _Options(flags=_ANY, values={}, changes={})
_SOX = _Options(
    flags=frozenset(
        {"-q", "-S", "-D", "-R", "-V", *(f"-V{level}" for level in range(7)), "--no-dither", "--no-show-progress"}
    ),
    values={"-t": _ANY},
    changes={
        **dict.fromkeys(("-r", "--rate"), "the rate"),
        **dict.fromkeys(("-b", "--bits", "-e", "--encoding", "-1", "-2", "-3", "-4", "-s", "-u"), "the bits"),
        **dict.fromkeys(("-U", "-A", "-w", "-l", "-f"), "the bits"),
        **dict.fromkeys(("-c", "--channels", "-M", "-m", "--combine"), "the channels"),
        **dict.fromkeys(("-v", "--vol", "--volume", "-G", "--guard", "--norm"), "the volume"),
        **dict.fromkeys(("-B", "-L", "-x", "--endian", "-N", "-X"), "the order of bytes or bits"),
    },
)
_FFMPEG = _Options(
    flags=frozenset({"-nostdin", "-hide_banner", "-nostats", "-stats", "-y", "-n", "-vn", "-sn", "-dn"}),
    values={"-v": _ANY, "-loglevel": _ANY, "-threads": _ANY},
    changes={
        **dict.fromkeys(("-ar", "-ar:a"), "the rate"),
        **dict.fromkeys(("-ac", "-ac:a", "-map", "-map_channel", "-channel_layout"), "the channels"),
        **dict.fromkeys(("-af", "-filter", "-filter:a", "-filter_complex"), "the sound"),
        **dict.fromkeys(("-ss", "-sseof", "-t", "-to", "-fs"), "the length"),
        **dict.fromkeys(("-sample_fmt", "-acodec", "-c:a", "-codec:a", "-c"), "the bits"),
        **dict.fromkeys(("-vol", "-volume"), "the volume"),
    },
)
_PCM = frozenset({"pcm_s16le"})
_FFMPEG_OUTPUT = _Options(
    flags=_FFMPEG.flags,
    values={
        **_FFMPEG.values,
        **dict.fromkeys(("-acodec", "-c:a", "-codec:a"), _PCM),
        "-f": frozenset({"wav"}),
    },
    changes=_FFMPEG.changes,
)
_PROGRAMS: Mapping[str, Callable[[list[str]], DecodingCommand]] = {
    "sph2pipe": _sph2pipe,
    "sox": _sox,
    "flac": _flac,
    "ffmpeg": _ffmpeg,
    "wav-copy": _wav_copy,
    "cat": _cat,
    "gzip": _gzip,
    "gunzip": _gunzip,
    "zcat": _zcat,
}
