"""Sound of pages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.audio.decoding import read_audio
from ov_asr_score.errors import FileAccessError
from ov_asr_score.pipelines.remote_sound import is_url, read_url
from ov_asr_score.pipelines.sound_inputs import InputOptions, open_input

FILE = Path(__file__).parents[2] / "data/speech/es_Andrea-t0004.flac"


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_there = self.path == "/sound.flac"
        self.send_response(200 if is_there else 404)
        self.end_headers()
        self.wfile.write(FILE.read_bytes() if is_there else b"")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_urls() -> None:
    assert is_url("http://x/y.wav") and is_url("https://x/y.wav")
    assert not is_url("x/y.wav") and not is_url("ftp://x/y.wav")


def test_pages_are_read_only_if_that_is_allowed(site: str) -> None:
    url = f"{site}/sound.flac"
    with pytest.raises(ValueError, match=r"sound.flac: sound is fetched from pages with allow_urls=True only"):
        open_input(url, InputOptions()).__enter__()
    with open_input(url, InputOptions(allow_urls=True)) as sound:
        np.testing.assert_array_equal(np.concatenate(list(sound.pieces)), read_audio(FILE).samples[0])


def test_limits_and_pages_that_are_not_there(site: str) -> None:
    with pytest.raises(ValueError, match=r"expected at most 100 bytes, found more"):
        read_url(f"{site}/sound.flac", 100)
    with pytest.raises(FileAccessError, match=r"/other: cannot be fetched: HTTP Error 404"):
        read_url(f"{site}/other", 100)
    with pytest.raises(FileAccessError, match=r"cannot be fetched"):
        read_url("http://[", 100)
