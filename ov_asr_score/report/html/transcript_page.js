"use strict";
// A click on a word plays it, one on the wave plays from there on; the word that is heard is marked.
for (const recording of document.querySelectorAll(".recording")) {
  const sound = recording.querySelector("audio");
  if (!sound) continue;
  const timed = (selector) => [...recording.querySelectorAll(selector)].map((element) => (
    { element, start: Number(element.dataset.s), end: Number(element.dataset.e) }
  ));
  const words = timed("button.w");
  const rows = timed(".row");
  const head = document.createElement("div");
  head.className = "head";
  let stop = Infinity;

  const play = (start, end) => {
    stop = end;
    sound.currentTime = start;
    sound.play().catch(() => {});
    show();
  };
  const show = () => {
    const now = sound.currentTime;
    for (const word of words) word.element.classList.toggle("now", now >= word.start && now < word.end);
    const row = rows.find(({ start, end }) => now >= start && now < end);
    if (row) {
      head.style.left = `${100 * (now - row.start) / (row.end - row.start)}%`;
      row.element.append(head);
    } else head.remove();
  };
  const follow = () => {
    if (sound.currentTime >= stop) {
      sound.pause();
      stop = Infinity;
    }
    show();
    if (!sound.paused) requestAnimationFrame(follow);
  };
  sound.addEventListener("play", follow);
  sound.addEventListener("seeked", show);

  for (const { element, start, end } of words) {
    // a word without length is heard with a little around it
    element.addEventListener("click", () => play(Math.max(0, Math.min(start, end - 0.1)), Math.max(end, start + 0.1)));
  }
  for (const { element, start, end } of rows) {
    element.querySelector(".wave").addEventListener("click", (event) => {
      const box = event.currentTarget.getBoundingClientRect();
      play(start + (end - start) * (event.clientX - box.left) / box.width, Infinity);
    });
  }
}
