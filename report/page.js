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

  // --- Code. The texts are read when the panes first come near, or when a row asks for them.
  const source = document.getElementById("texts");
  if (!source) return;
  const panes = { a: document.getElementById("pane-a"), b: document.getElementById("pane-b") };
  const kLongest = 1 << 20; // longer texts are shown plain
  let code = null;

  // What one expression finds, by the name of its group, becomes a span of that class.
  const registers = "%?\\b(?:[xyz]mm\\d+|k[0-7]|r(?:[abcd]x|[sd]i|[sb]p|ip|\\d+[dwb]?)|" +
    "e(?:[abcd]x|[sd]i|[sb]p)|[abcd][lhx])\\b";
  const rules = {
    "assembly": new RegExp("(?<comment>#.*|//.*)|(?<string>\"(?:[^\"\\\\\\n]|\\\\.)*\")|" +
      "(?<label>^[\\w.$@]+:)|(?<directive>^\\s*\\.\\w+)|(?<word>^\\s+[a-z]\\w*)|" +
      `(?<name>${registers})|(?<number>\\$?-?\\b(?:0x[\\da-f]+|\\d+)\\b)`, "gm"),
    "loop nest": new RegExp("(?<comment>//.*)|(?<word>\\b(?:produce|consume|store|for|parallel|" +
      "vectorized|unrolled|gpu_\\w+|in|let|allocate|if|else|atomic)\\b)|" +
      "(?<number>\\b\\d+(?:\\.\\d+)?f?\\b)", "gm"),
    "schedule": new RegExp("(?<comment>//.*)|(?<string>\"(?:[^\"\\\\\\n]|\\\\.)*\")|" +
      "(?<word>\\.\\w+(?=\\())|" +
      "(?<name>\\b(?:Var|RVar|Func|TailStrategy|auto|const|int|using)\\b)|" +
      "(?<number>\\b\\d+\\b)", "gm"),
  };
  const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
  const escaped = (text) => text.replace(/[&<>]/g, (c) => entities[c]);

  function highlighted(text, kind) {
    const rule = rules[kind];
    if (!rule || text.length > kLongest) return escaped(text);
    let html = "", end = 0;
    for (const match of text.matchAll(rule)) {
      const css = Object.keys(match.groups).find((name) => match.groups[name] !== undefined);
      html += escaped(text.slice(end, match.index));
      html += `<span class="${css}">${escaped(match[0])}</span>`;
      end = match.index + match[0].length;
    }
    return html + escaped(text.slice(end));
  }

  const selects = (pane) => [pane.querySelector(".entry"), pane.querySelector(".kind")];

  function show(pane) {
    const [entry, kind] = selects(pane);
    const texts = code.texts[entry.value];
    for (const option of kind.options) // [kind, text, kind, text...]
      option.disabled = !texts.some((one, i) => i % 2 === 0 && one === Number(option.value));
    let at = texts.findIndex((one, i) => i % 2 === 0 && one === Number(kind.value));
    const name = code.kinds[kind.value];
    const output = pane.querySelector("output");
    const target = pane.querySelector("code");
    target.parentElement.scrollTo(0, 0);
    if (at < 0) {
      target.textContent = `${code.entries[entry.value]} has no ${name}.`;
      output.textContent = "";
    } else {
      const text = texts[at + 1];
      target.innerHTML = highlighted(text, name);
      const lines = text.split("\n").length - text.endsWith("\n");
      output.textContent = `${lines} ${lines === 1 ? "line" : "lines"}`;
    }
    // Rows say what stands in the panes.
    for (const link of document.querySelectorAll(`a[data-pane="${pane.id.slice(-1)}"]`))
      if (link.dataset.entry === entry.value) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
  }

  function load() {
    if (code) return;
    code = JSON.parse(source.textContent);
    for (const [i, pane] of [panes.a, panes.b].entries()) {
      const [entry, kind] = selects(pane);
      entry.append(...code.entries.map((name, number) => new Option(name, number)));
      kind.append(...code.kinds.map((name, number) => new Option(name, number)));
      // Two entries, or two kinds of the only one.
      if (code.entries.length > 1) entry.value = String(i);
      else if (code.kinds.length > 1) kind.value = String(i);
      for (const select of [entry, kind]) select.addEventListener("change", () => show(pane));
      show(pane);
    }
  }

  new IntersectionObserver((seen, observer) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    observer.disconnect();
    load();
  }, { rootMargin: "600px" }).observe(document.getElementById("code"));

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-pane]");
    if (!link) return;
    load();
    const pane = panes[link.dataset.pane];
    selects(pane)[0].value = link.dataset.entry;
    show(pane);
    pane.focus({ preventScroll: true }); // the link itself scrolls; "back" returns to the row
  });
})();
