"""Text files that stand in the place of others, or are another part of a recipe: pointers, web pages, configurations.

Tests: tests/kaldi_io/foreign/test_recognition.py
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from ov_asr_score.kaldi_io.foreign import BLOB, MODEL, OPTIONS, TABLE
from ov_asr_score.kaldi_io.foreign.foreign_kind import ForeignKind
from ov_asr_score.text import clipped, printable_name

LONGEST_LINK = 1024

_LFS = re.compile(rb"version https?://(git-lfs|hawser)\.github\.com/spec/")
_ANNEX = re.compile(rb"/annex/objects/|(\.\./)*\.git/annex/objects/")
_DVC = re.compile(rb"(outs|md5|wdir):\s")
_CYGWIN_LINK = (b"!<symlink>", b"IntxLNK\1", b"XSym\n")
_LINK = re.compile(rb"[^\s\0-\x1f<>\"'{}=|*?]+")
_PAGE = re.compile(rb"(<\?xml[^>]*>\s*|<!--.*?-->\s*)*(<!doctype html|<html|<head|<body)", re.IGNORECASE | re.DOTALL)
_SERVER_ERROR = re.compile(
    rb'(<\?xml[^>]*>\s*)?<Error>\s*<Code>|\{\s*"(message|error|errors|detail)"\s*:|(4\d\d:? )?(Not Found|Access Denied|'
    rb"Forbidden|Unauthorized)\s*$|Entry not found|Invalid username or password",
    re.IGNORECASE,
)
_XCONFIG = re.compile(rb"(input\s[^\n]*dim=|[a-z0-9-]+-(layer|component|block)\s[^\n]*[a-z-]+=|output[^\n]*\bname=)")
_CONFIG_NNET3 = re.compile(rb"(input-node|component|component-node|output-node|dim-range-node)\s+[a-z-]+=")
_CONFIG_NNET2 = re.compile(rb"[A-Z][A-Za-z0-9]*Component\s+[a-z-]+=")
_OPTIONS = re.compile(rb"--[a-z][a-z0-9.-]*(=\S*)?(\s|$)")
_INFO = re.compile(rb"(input-dim|left-context|num-components|num-parameters|modulus)[: ]")
_LOG = re.compile(rb"(# [^\n]*\n# Started at |(LOG|WARNING|ERROR|VLOG\[\d+\]) \([a-z0-9-]+[\[:])")
_TEXT_FST = re.compile(rb"\d+[\t ]\d+[\t ]\S+([\t ]\S+){0,2}\n(\d+[\t ]|$)")
_SYMBOL_LINES = re.compile(rb"(<eps>|<blk>|<blank>|<s>|<pad>|<unk>)[\t ]+\d+\s*\n")
_ARPA = re.compile(rb"\s*\\data\\\s")
_JSON = re.compile(rb'[{\[]\s*(\{\s*)?"[^"\n]*"\s*[:,\]]')
_XML = re.compile(rb"<([A-Za-z_][\w:.-]{0,60})(\s+[\w:.-]+\s*=\s*[\"'][^>]*)?/?>(?![ \t]+\[)")
_XML_INSIDE = re.compile(rb"<[A-Za-z_][\w:.-]*\s+[\w:.-]+\s*=\s*[\"']|</[a-z_][\w:.-]*>")
_SCRIPT_LINE = re.compile(rb"[^\s<]\S*[ \t]+([^\s|\[\]]*(/|\.[A-DF-Za-df-z])[^\s|]*|[^\n]*\|)[ \t]*\r?(\n|$)")
_PROGRAM = re.compile(rb"#!\s*/")


def text_kind(start: bytes, name: str, *, whole: bool) -> ForeignKind | None:
    """The kind of text in ``start``, None if it is none of these; ``whole`` says that the file has no more than that.

    ``name`` is that of the file: a link to another folder, or to a file with the same suffix, is one.
    """
    if start.startswith(_CYGWIN_LINK):
        return ForeignKind("a symbolic link of another system, not the file itself", _LINK_ADVICE, unexpected=False)
    if b"\0" in start:
        return None
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    return _placeholder(text, name, whole=whole) or _part_of_recipe(text)


def _placeholder(text: bytes, name: str, *, whole: bool) -> ForeignKind | None:
    """What stands in the place of a file that was to be fetched."""
    if _LFS.match(text):
        return ForeignKind("a Git LFS pointer, not the file itself", "run git lfs pull", unexpected=False)
    if _ANNEX.match(text):
        return ForeignKind("a git-annex pointer, not the file itself", "run git annex get", unexpected=False)
    if _PAGE.match(text):
        return ForeignKind(
            "a web page (HTML), not the file itself", "download the file from its raw address", unexpected=False
        )
    if _SERVER_ERROR.match(text):
        return ForeignKind("the error message of a server, not the file itself", "download it again", unexpected=False)
    if _DVC.match(text) and name.endswith(".dvc"):
        return ForeignKind("a DVC pointer, not the file itself", "run dvc pull", unexpected=False)
    if whole and len(text) <= LONGEST_LINK and _LINK.fullmatch(text):
        target = text.decode("utf-8", "surrogateescape")
        suffix = PurePosixPath(name).suffix
        if "/" in target.strip("/") or (suffix and PurePosixPath(target).suffix == suffix):
            what = f"the text of a symbolic link to {printable_name(target)}, not the file itself"
            return ForeignKind(what, _LINK_ADVICE, unexpected=False)
    return None


def other_text_kind(start: bytes) -> ForeignKind | None:
    """Any text of which no more can be said than how it begins; None if it is not text."""
    text = start.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    first = text.strip().partition("\n")[0]
    if not first or not all(letter.isprintable() or letter.isspace() for letter in text):
        return None
    said = {BLOB: "", OPTIONS: ""}
    return ForeignKind(f"a text file that begins with {clipped(first)}", is_right_for=TABLE, said=said)


def _part_of_recipe(text: bytes) -> ForeignKind | None:
    """What belongs to a recipe or its results, without the comments before it."""
    if _LOG.match(text):
        return ForeignKind("a log file")
    if _PROGRAM.match(text):
        return ForeignKind("a shell script or another program")
    code = re.sub(rb"^(#[^\n]*\n\s*)+", b"", text)
    if _OPTIONS.match(code):
        return ForeignKind(OPTIONS)
    if _XCONFIG.match(code):
        return ForeignKind("an xconfig file, from which Kaldi's scripts make a network", instead_of=_TRAINED)
    if _CONFIG_NNET3.match(code):
        return ForeignKind("a configuration of a network, which has no weights", instead_of=_TRAINED)
    if _CONFIG_NNET2.match(code):
        return ForeignKind("a configuration of an nnet2 network, which has no weights", instead_of=_TRAINED)
    if _INFO.match(code):
        return ForeignKind("the description of a model (as nnet3-am-info prints it), which has no weights")
    if _ARPA.match(code):
        return ForeignKind("a language model (ARPA)")
    if _JSON.match(code):
        return ForeignKind("a JSON file")
    # Before XML: most have both <s> and </s>.
    if _SYMBOL_LINES.match(code):
        return ForeignKind("a table of symbols (such as words.txt)", is_right_for=TABLE)
    if (root := _XML.match(code)) and root[1] != b"net" and _XML_INSIDE.search(code):
        return ForeignKind(f"an XML file with <{root[1].decode()}> as its outermost element")
    if _TEXT_FST.match(code):
        return ForeignKind("an FST in text form, or another table of numbers", is_right_for=TABLE)
    if _SCRIPT_LINE.match(code):
        return ForeignKind("a script file (scp)", instead_of=_SCRIPT)
    return None


_LINK_ADVICE = "give the file that it leads to, or clone with symbolic links (git config core.symlinks true)"
_TRAINED = {MODEL: "give the trained model (final.mdl, final.raw)"}
_SCRIPT = {MODEL: "are model and inputs exchanged?", TABLE: "use scp:<file>"}
