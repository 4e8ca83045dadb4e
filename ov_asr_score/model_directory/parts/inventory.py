"""The files of a folder, and what a layout says of each: used, ignored, missing.

Tests: tests/model_directory/layouts
"""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from ov_asr_score.errors import FileAccessError
from ov_asr_score.kaldi_io.foreign.text_files import text_kind
from ov_asr_score.model_directory.model_directory import DirectoryFile, FileRole
from ov_asr_score.text import printable_name

_DEEPEST = 5  # folders below the folder
_MOST_FILES = 5000
_OF_TRAINING = ("egs", "log", "split", "cmvn", "decode")
"""Beginnings of the names of folders that training and decoding leave behind: nobody looks into them."""

_REASONS = {
    "tree": "the decision tree; needed to make graphs, not to use them",
    "disambig_tid.int": "for lookahead pairs (HCLr.fst, Gr.fst)",
    "disambig.int": "for making graphs",
    "disambig.txt": "for making graphs",
    "splice_opts": "the context of the extractor is said elsewhere",
    "num_pdfs": "the transition model says it, too",
    "silence.csl": "phones of silence are said elsewhere",
    "phones.txt": "names of phones; words do not need them",
    "README": "a text for people",
    "README.md": "a text for people",
    "word_boundary.txt": "the same as word_boundary.int, in letters",
    "align_lexicon.txt": "the same as align_lexicon.int, in letters",
    "G.fst": "the grammar; it is in the graph already",
    "L.fst": "the lexicon; it is in the graph already",
    "cmvn_opts": "CMVN of training; options of online CMVN come from a configuration",
    "den.fst": "for training",
    "normalization.fst": "for training",
    "phone_lm.fst": "for training",
    "0.trans_mdl": "for training; final.mdl has a transition model",
    "final.alimdl": "for alignments of training",
    "final.occs": "for training",
    "lda.mat": "for training; final.mdl has it",
    "online_cmvn": "a mark of training",
}
SECOND_PASSES = {
    "rescore": "a larger language model for a second pass, which is not done: words are those of the first pass",
    "rnnlm": "a neural language model for a second pass, which is not done: words are those of the first pass",
}
_OF_FOLDERS = {
    **SECOND_PASSES,
    "spk": "a model of speakers, which are not told apart by voice",
}
_ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar")


class Inventory:
    """What is known of a folder so far; paths in it are relative to the folder, with ``/`` between their parts.

    ``notes`` are what a user should know. ``finish`` raises one error for all files that are missing.
    """

    def __init__(self, folder: str | Path) -> None:
        """List the files. Raises FileAccessError for what is no folder, or cannot be read."""
        self.folder = Path(folder)
        self.shown = printable_name(str(folder))
        self.layout = ""
        self.notes: list[str] = []
        self._lacking: dict[str, DirectoryFile] = {}  # without them nothing goes
        self._told: dict[str, DirectoryFile] = {}
        self._is_read = False  # by its layout, to the end
        if not self.folder.is_dir():
            what = "a file" if self.folder.exists() else "no such folder"
            if self.folder.suffix.lower() in _ARCHIVES and self.folder.exists():
                what = "an archive; unpack it and give the folder that was in it"
            raise FileAccessError(f"{self.shown}: expected a folder with a model, found {what}")
        try:
            self.names = sorted(_files_below(self.folder))
        except OSError as error:
            raise FileAccessError(f"{self.shown}: cannot be read: {error.strerror}") from error
        self._names = frozenset(self.names)

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return name in self._names or _is_file(self.folder / name)

    def is_folder(self, name: str) -> bool:
        """Whether there is such a folder."""
        try:
            return (self.folder / name).is_dir()
        except (OSError, ValueError):  # a name that cannot be one
            return False

    def path(self, name: str) -> str:
        """Where the file is."""
        return str(self.folder / name)

    def first(self, *names: str) -> str:
        """The first of these files that is there; an empty text if none is."""
        return next((name for name in names if self.has(name)), "")

    def beside(self, pattern: str) -> list[Path]:
        """Folders beside this one whose names fit ``pattern``."""
        try:
            return sorted(path for path in self.folder.resolve().parent.glob(pattern) if path.is_dir())
        except OSError:
            return []

    def use(self, name: str, use: str) -> str:
        """Remember what a file is for, and return its path."""
        self._tell(name, "used", use)
        return self.path(name)

    def need(self, name: str, use: str) -> str:
        """The same for a file without which nothing goes; where it is missing, ``finish`` says so."""
        if self.has(name):
            return self.use(name, use)
        self._lacking[name] = self._tell(name, "missing", use)
        return self.path(name)

    def take(self, name: str, use: str, without: str) -> str:
        """The path of a file that need not be there: without it an empty text, and ``without`` says what follows."""
        if self.has(name):
            return self.use(name, use)
        self._tell(name, "missing", without)
        return ""

    def mark(self, name: str, use: str) -> None:
        """Remember what a file is for, if it is there."""
        if self.has(name):
            self.use(name, use)

    def ignore(self, name: str, why: str) -> None:
        """Remember why a file that is there is not used."""
        self._tell(name, "ignored", why)

    def located(self, written: str, place: str) -> str:
        """The name here of a file that a configuration names as it was on another machine.

        The file in the folder whose path ends most like it counts. An empty text where none has its name. Raises
        FileAccessError where several fit as well and differ; ``place`` begins messages.
        """
        parts = [part for part in written.replace("\\", "/").split("/") if part not in ("", ".")]
        best: list[str] = []
        for length in range(len(parts), 0, -1):
            ending = "/".join(parts[-length:])
            if best := [name for name in self.names if name == ending or name.endswith("/" + ending)]:
                break
        different = best[:1]
        for name in best[1:]:
            if not any(filecmp.cmp(self.path(name), self.path(other), shallow=False) for other in different):
                different.append(name)
        if len(different) > 1:
            raise FileAccessError(
                f"{place}: {printable_name(written)}: expected one file of that name in {self.shown}, found "
                f"{' and '.join(map(printable_name, different))}, which differ; take one away, or write its path"
            )
        return best[0] if best else ""

    def named(self, written: str, place: str, use: str) -> str:
        """The path of a file that a configuration names: in the folder, else as it is written.

        Raises FileAccessError where it is neither here nor there.
        """
        if name := self.located(written, place):
            outside = Path(written)
            if _is_file(outside) and not filecmp.cmp(outside, self.path(name), shallow=False):
                self.notes.append(f"{place}: {printable_name(written)} is another file than {name} here, which is used")
            return self.use(name, use)
        if _is_file(Path(written)):
            self._tell(written, "used", use)
            self.notes.append(f"{place}: {printable_name(written)} is not in the directory, but exists, and is used")
            return written
        raise FileAccessError(
            f"{place}: {printable_name(written)}: expected this file ({use}), found none there, and none called "
            f"{printable_name(Path(written).name)} in {self.shown}"
        )

    def finish(self) -> tuple[DirectoryFile, ...]:
        """What every file is for. Raises FileAccessError that names all that is missing, or was never fetched."""
        self._is_read = True
        if self._lacking:
            texts = ", ".join(f"{each.path} ({each.use})" for each in self._lacking.values())
            raise FileAccessError(f"{self.shown}: {self.layout}: expected {texts}, found none")
        if placeholder := self.placeholder():
            raise placeholder
        return self.files()

    def placeholder(self) -> FileAccessError | None:
        """What is wrong with used files that only stand in the place of others, such as pointers of Git LFS."""
        used = (name for name, each in self._told.items() if each.role == "used")
        found = [(name, text) for name in used if (text := _placeholder(self.path(name)))]
        if not found:
            return None
        name, text = found[0]
        of_others = f" ({len(found)} files of the model are)" if len(found) > 1 else ""
        return FileAccessError(f"{printable_name(self.path(name))}: {text}{of_others}")

    def files(self) -> tuple[DirectoryFile, ...]:
        """What every file is for, as far as it is known; those that nobody needed are ignored."""
        rest = (name for name in self.names if name not in self._told)
        taken = {name.rpartition("/")[2]: name for name, each in self._told.items() if each.role == "used"}
        others = [DirectoryFile(name, "ignored", _why_ignored(name, taken, self._is_read)) for name in rest]
        order = {"used": 0, "missing": 1, "ignored": 2}
        return tuple(sorted((*self._told.values(), *others), key=lambda each: order[each.role]))

    def _tell(self, name: str, role: FileRole, use: str) -> DirectoryFile:
        known = self._told.get(name)
        if known is not None and known.role == role and use not in known.use:
            use = f"{known.use}; {use}"
        self._told[name] = DirectoryFile(name, role, use)
        return self._told[name]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that cannot be one
        return False


def _files_below(folder: Path) -> Iterator[str]:
    count = 0
    for place, folders, files in os.walk(folder, followlinks=True):
        inside = Path(place).relative_to(folder)
        folders[:] = sorted(name for name in folders if not name.startswith((".", *_OF_TRAINING)))
        if len(inside.parts) >= _DEEPEST:
            folders.clear()
        for name in sorted(files):
            count += 1
            if count > _MOST_FILES:
                return
            if not name.startswith("."):
                yield (inside / name).as_posix()


def _placeholder(path: str) -> str:
    """``is a Git LFS pointer, …`` for what stands in the place of a file; an empty text for what is one."""
    try:
        with Path(path).open("rb") as file:
            start = file.read(_START_BYTES)
            whole = not file.read(1)
    except (OSError, ValueError):
        return ""
    kind = text_kind(start, path, whole=whole)
    return "" if kind is None or kind.unexpected else kind.sentence("a part of a model")


_START_BYTES = 512


def _why_ignored(name: str, taken: Mapping[str, str], is_read: bool) -> str:
    """Why nobody needs a file; ``taken`` are the files that are used, by their names without folders."""
    *folders, base = name.split("/")
    reason = next((_OF_FOLDERS[folder] for folder in folders if folder in _OF_FOLDERS), "") or _REASONS.get(base)
    if reason is None and base in taken:
        reason = f"{taken[base]} is used"
    return reason or ("not needed" if is_read else "not looked at")
