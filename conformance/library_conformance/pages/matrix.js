"use strict";
(() => {
  const all = (query, from = document) => [...from.querySelectorAll(query)];
  const form = document.getElementById("filters"), find = document.getElementById("find"), show = document.getElementById("show");
  const rows = all("#map tbody tr").map((row) => ({
    row, level: row.dataset.level, standard: row.dataset.standard, words: row.cells[0].textContent.toLowerCase(), part: row.closest("details"),
  }));
  const parts = all("#map details.cap"), style = document.head.appendChild(document.createElement("style"));
  const KINDS = {
    tried: ".confirmed,.under-announced,.undocumented,.broken-claim,.deviates,.discouraged,.unsafe,.told,.undecided,.absent-as-stated,.not-offered",
    bad: ".broken-claim,.deviates,.unsafe,.discouraged", gap: ".absent-as-stated,.not-offered,.stated-absent",
  };
  const ticked = (name) => new Set(all(`input[name=${name}]:checked`, form).map((box) => box.value));

  function apply() {
    const levels = ticked("level"), standards = ticked("standard"), subjects = ticked("subject");
    const hidden = all("input[name=subject]", form).map((box) => box.value).filter((n) => !subjects.has(n));
    style.textContent = hidden.map((n) => `.c${n}`).join(",") + (hidden.length ? "{display:none}" : "");
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean), kind = KINDS[show.value];
    const shown = new Map();
    for (const one of rows) {
      let keep = levels.has(one.level) && standards.has(one.standard) && words.every((word) => one.words.includes(word));
      if (keep && kind) keep = all(kind, one.row).some((mark) => subjects.has(mark.closest("td").className.slice(1)));
      one.row.hidden = !keep;
      if (keep) shown.set(one.part, (shown.get(one.part) || 0) + 1);
    }
    let total = 0;
    for (const part of parts) {
      const count = shown.get(part) || 0;
      part.hidden = !count;
      part.querySelector("summary .n").textContent = `${count} requirement${count === 1 ? "" : "s"}`;
      total += count;
    }
    document.getElementById("count").textContent = total === rows.length ? "" : `${total} of ${rows.length} requirements`;
  }

  let waiting;
  form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 120); });
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  const toggle = (open) => parts.forEach((part) => { part.open = open && !part.hidden; });
  document.getElementById("open").addEventListener("click", () => toggle(true));
  document.getElementById("close").addEventListener("click", () => toggle(false));
  form.hidden = false;

  let came = null;
  const piece = () => { const found = location.hash.startsWith("#e") && document.getElementById(location.hash.slice(1)); return found && found.classList.contains("piece") ? found : null; };
  function arrive() {
    const part = location.hash.startsWith("#cap-") && document.getElementById(location.hash.slice(1));
    if (part) { part.open = true; part.scrollIntoView(); part.querySelector("summary").focus({ preventScroll: true }); }
    const row = location.hash.startsWith("#r-") && document.getElementById(location.hash.slice(1));
    if (row) {
      if (row.hidden) { form.reset(); apply(); }
      row.closest("details").open = true;
      row.scrollIntoView({ block: "center" });
      (row.querySelector("a.k") || row.querySelector("a") || row.closest("details").querySelector("summary")).focus({ preventScroll: true });
    }
    if (piece()) piece().focus({ preventScroll: true });
  }
  function shut() {
    const at = [scrollX, scrollY];
    location.hash = "#-";
    scrollTo(...at);
    if (came) came.focus({ preventScroll: true });
  }
  document.addEventListener("click", (event) => {
    const mark = event.target.closest("a.k");
    if (mark) came = mark;
    else if (event.target.closest(".shut a")) { event.preventDefault(); shut(); }
    else if (piece() && !event.target.closest(".piece")) shut();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && piece()) return shut();
    const mark = event.target.closest && event.target.closest("a.k"), step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!mark || !step) return;
    let cell = mark.closest("td"), next = null;
    const column = cell.cellIndex;
    while (cell && !next) {
      if (step[1]) cell = step[1] > 0 ? cell.nextElementSibling : cell.previousElementSibling;
      else { let row = cell.parentElement; do row = step[0] > 0 ? row.nextElementSibling : row.previousElementSibling; while (row && row.hidden); cell = row && row.cells[column]; }
      next = cell && cell.offsetParent && cell.querySelector("a.k");
    }
    if (next) { event.preventDefault(); next.focus(); }
  });
  addEventListener("hashchange", arrive);
  let opened = [];
  addEventListener("beforeprint", () => { opened = all(".card:not([open]),.legend:not([open])"); opened.forEach((one) => { one.open = true; }); });
  addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));
  apply();
  arrive();
})();
