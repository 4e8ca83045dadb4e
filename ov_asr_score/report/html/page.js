"use strict";
// Tables sort by a click on a header (again: the other way round) and filter by the text of their rows.
for (const box of document.querySelectorAll(".sortable")) {
  const body = box.querySelector("tbody");
  const heads = [...box.querySelectorAll("th")];
  const rows = [...body.rows].map((row) => ({ row, text: row.textContent.toLowerCase() }));

  const valueOf = (cell) => cell.dataset.v ?? cell.querySelector("data")?.value;

  heads.forEach((head, index) => {
    const numeric = rows.some(({ row }) => valueOf(row.cells[index]) !== undefined);
    head.querySelector("button").addEventListener("click", () => {
      // numbers are of interest from the largest on, names from their first letter on
      const before = head.getAttribute("aria-sort");
      const ascending = before ? before === "descending" : !numeric;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      const keyed = rows.map((item) => {
        const cell = item.row.cells[index];
        const text = valueOf(cell);
        const value = text === undefined ? NaN : text === "inf" ? Infinity : text === "-inf" ? -Infinity : Number(text);
        return { item, key: numeric ? value : cell.textContent };
      });
      const sign = ascending ? 1 : -1;
      keyed.sort((a, b) => {
        if (!numeric) return sign * a.key.localeCompare(b.key, undefined, { numeric: true });
        if (Number.isNaN(a.key) || Number.isNaN(b.key)) return Number.isNaN(a.key) - Number.isNaN(b.key);
        return a.key === b.key ? 0 : sign * (a.key - b.key);
      });
      body.append(...keyed.map(({ item }) => item.row));
    });
  });

  const field = box.querySelector("input");
  field?.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, text } of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    box.querySelector("output").textContent = shown.toLocaleString("en");
  });
}
