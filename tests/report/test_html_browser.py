"""Pages in a real browser: no requests, no errors; sorting, filtering, and the width of a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chromium import Browser, find_chromium
from tests.command_line import DATA, MODELS, run
from tests.report.html.test_run import HOSTILE
from tests.report.html.test_run import run as run_page

CHROMIUM = find_chromium()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (apt install chromium, or name one with CHROMIUM=)"),
]

CELLS = "[...document.querySelectorAll('tbody')[0].rows].filter(r => !r.hidden).map(r => r.cells[{column}].textContent)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    assert CHROMIUM is not None
    with Browser(CHROMIUM, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    data = DATA / "dnn_digits"
    done = run(
        *("score", "-m", MODELS / "dnn_digits.xml", "-d", "GNA_SW_EXACT", "-i", data / "features.ark", "-pc"),
        *("-r", data / "kaldi_loglik.ark", "--gna-report", "--report", path, "--report-scores", "--quiet"),
    )
    assert done.code == 0, done.stderr
    return path


@pytest.fixture
def opened(browser: Browser, page: Path) -> Browser:
    browser.complaints.clear()
    browser.requests.clear()
    browser.look(width=1200)
    browser.open(page)
    return browser


def click(browser: Browser, heading: str) -> str | None:
    head = f"[...document.querySelectorAll('th')].find(h => h.textContent === '{heading}')"
    browser.run(f"{head}.querySelector('button').click()")
    order: str | None = browser.run(f"{head}.getAttribute('aria-sort')")
    return order


def cells(browser: Browser, column: int) -> list[str]:
    found: list[str] = browser.run(CELLS.format(column=column))
    return found


def test_page_loads_no_resources_and_logs_no_errors(opened: Browser, page: Path) -> None:
    assert opened.run("document.querySelectorAll('svg').length") == 8
    pictures = opened.requests[1:]
    assert opened.requests[0] == page.resolve().as_uri()
    assert all(address.startswith("data:image/png") for address in pictures)
    assert opened.complaints == []
    loaded = "[...document.querySelectorAll('svg image')].every(i => i.getBoundingClientRect().width > 0)"
    assert opened.run(loaded) is True


def test_heading_click_sorts_and_reverses(opened: Browser) -> None:
    before = cells(opened, 0)
    assert click(opened, "frames") == "descending"
    frames = [int(text) for text in cells(opened, 1)]
    assert frames == sorted(frames, reverse=True)
    assert frames != sorted(frames)
    assert click(opened, "frames") == "ascending"
    assert [int(text) for text in cells(opened, 1)] == sorted(frames)
    assert click(opened, "utterance") == "ascending"
    assert cells(opened, 0) == sorted(before, key=str.lower)
    assert opened.run("document.querySelectorAll('.sortable')[0].querySelectorAll('[aria-sort]').length") == 1
    click(opened, "share of time")  # bars sort by their share
    assert click(opened, "share of time") == "descending"
    assert opened.complaints == []


def test_filter_hides_rows(opened: Browser) -> None:
    keys = cells(opened, 0)
    wanted = [key for key in keys if "annie" in key.lower()]
    assert 0 < len(wanted) < len(keys)
    field = "document.querySelector('input')"
    opened.run(f"{field}.value = 'ANNIE'; {field}.dispatchEvent(new Event('input'))")
    assert cells(opened, 0) == wanted
    assert opened.run("document.querySelector('output').textContent") == str(len(wanted))
    opened.run(f"{field}.value = ''; {field}.dispatchEvent(new Event('input'))")
    assert cells(opened, 0) == keys


@pytest.mark.parametrize("width", [360, 390, 768, 1200])
def test_page_never_scrolls_sideways(opened: Browser, width: int) -> None:
    opened.look(width=width)
    assert opened.run("document.documentElement.scrollWidth") <= width
    assert opened.run("innerWidth") == width


def test_dark_mode(opened: Browser) -> None:
    colour = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number).reduce((a, b) => a + b)"
    text = (
        "getComputedStyle(document.querySelector('svg text')).fill.match(/\\d+/g).map(Number).reduce((a, b) => a + b)"
    )
    light = opened.run(colour), opened.run(text)
    picture = opened.screenshot()
    opened.look(width=1200, dark=True)
    dark = opened.run(colour), opened.run(text)
    assert light[0] > 600
    assert dark[0] < 150
    assert light[1] < dark[1]
    assert picture != opened.screenshot()


def test_hostile_keys_run_no_script(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(run_page(keys=(HOSTILE, "<script>document.title = 'taken'</script>")), encoding="utf-8")
    browser.complaints.clear()
    browser.open(path)
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert str(browser.run("document.title")).startswith("OK: ")
    assert browser.complaints == []


def test_content_security_policy_blocks_scripts_and_requests(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "changed.html"
    foreign = "<script>document.title = 'taken'</script><img src='picture.png'>"
    path.write_text(run_page().replace("</main>", f"{foreign}</main>"), encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"")
    browser.complaints.clear()
    browser.open(path)
    assert str(browser.run("document.title")).startswith("OK: ")
    assert sum("Content Security Policy" in complaint for complaint in browser.complaints) >= 2
