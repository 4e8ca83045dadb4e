"""The page of a transcript in a real browser: clicks play words, nothing is requested, nothing complained about."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.report.html.transcript_page import transcript_page
from ov_asr_score.report.html.wave import page_sound, wav_address
from tests.chromium import Browser, find_chromium
from tests.transcript.samples import call

CHROMIUM = find_chromium()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (apt install chromium, or name one with CHROMIUM=)"),
]
TONE = (8000 * np.sin(np.arange(52_000) * 0.2)).astype(np.int16).repeat(2).reshape(-1, 2)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    assert CHROMIUM is not None
    with Browser(CHROMIUM, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.mark.parametrize("is_linked", [False, True])
def test_a_click_plays_the_word(browser: Browser, tmp_path: Path, is_linked: bool) -> None:
    source = None
    if is_linked:
        import base64

        source = "call 1.wav"
        (tmp_path / source).write_bytes(base64.b64decode(wav_address(TONE, 8000).partition(",")[2]))
    (tmp_path / "call.html").write_text(
        transcript_page(call(), {"call": page_sound(TONE, 8000, source=source)}), encoding="utf-8"
    )
    browser.complaints.clear()
    browser.requests.clear()
    browser.look(width=1200)
    browser.open(tmp_path / "call.html")
    end = time.monotonic() + 60
    while browser.run("document.querySelector('audio').readyState") < 1:
        assert time.monotonic() < end, browser.complaints
        time.sleep(0.05)
    assert browser.run("document.querySelector('audio').duration") == pytest.approx(6.5, abs=0.01)
    browser.run("document.querySelectorAll('button.w')[2].click()")
    while browser.run("document.querySelector('.w.now')?.textContent") != "R&D":
        assert time.monotonic() < end, browser.complaints
        time.sleep(0.02)
    assert browser.run("document.querySelector('.head').parentElement.dataset.s") == "0.500"
    assert browser.complaints == []
    assert [url for url in browser.requests if url.startswith("http")] == []
    assert len(browser.screenshot()) > 10_000


def test_width_of_a_phone(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "call.html").write_text(transcript_page(call()), encoding="utf-8")
    browser.look(width=360)
    browser.open(tmp_path / "call.html")
    assert browser.run("document.documentElement.scrollWidth") <= 360
