// What a report does in the browser: sorts and filters tables, switches between light and dark,
// and shows code in two panes. Without it the page still reads.
(() => {
  "use strict";

  // --- Light and dark. "auto" is the system's choice.
  const themes = ["auto", "light", "dark"];
  const themeButton = document.getElementById("theme");

  function showTheme(theme) {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    themeButton.textContent = `Theme: ${theme}`;
  }

  function remember(key, value) {
    try { // a page on a disk may have no storage
      if (value !== undefined) localStorage.setItem(key, value);
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  }

  let theme = remember("involute-theme");
  if (!themes.includes(theme)) theme = "auto";
  showTheme(theme);
  themeButton.hidden = false;
  themeButton.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    remember("involute-theme", theme);
    showTheme(theme);
  });

  // --- Sorting. Missing values stay last in both directions; equal ones keep their order.
  const collator = new Intl.Collator(undefined, { numeric: true });

  function keyOf(cell, numeric) {
    const value = cell.dataset.v;
    if (value === "" || value === undefined && numeric) return null;
    return numeric ? Number(value) : cell.textContent;
  }

  function sortBy(head) {
    const table = head.closest("table");
    const body = table.tBodies[0];
    const numeric = head.dataset.sort === "number";
    const first = head.dataset.first || "ascending";
    const other = first === "ascending" ? "descending" : "ascending";
    const direction = head.getAttribute("aria-sort") === first ? other : first;
    for (const each of table.tHead.rows[0].cells)
      if (each.hasAttribute("aria-sort")) each.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", direction);
    const sign = direction === "ascending" ? 1 : -1;
    const keyed = [...body.rows].map((row) => [keyOf(row.cells[head.cellIndex], numeric), row]);
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      if (a === b) return 0;
      return sign * (numeric ? (a < b ? -1 : 1) : collator.compare(a, b));
    });
    body.append(...keyed.map(([, row]) => row));
  }

  for (const button of document.querySelectorAll("th[aria-sort] > button"))
    button.addEventListener("click", () => sortBy(button.parentElement));

  // --- The filter keeps rows that hold every word.
  for (const filter of document.querySelectorAll(".filter")) {
    const rows = [...filter.parentElement.querySelectorAll("tbody tr")];
    const said = rows.map((row) => row.textContent.toLowerCase());
    const output = filter.querySelector("output");
    const all = output.textContent;
    filter.querySelector("input").addEventListener("input", (event) => {
      const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
      let kept = 0;
      rows.forEach((row, i) => {
        row.hidden = !words.every((word) => said[i].includes(word));
        kept += !row.hidden;
      });
      output.textContent = words.length ? `${kept} of ${all}` : all;
    });
  }
})();
