/* The weekly return's form. Without this file it is complete; with it the totals run along, rows are added in place, and
   the keyboard moves over the grid. The limits come from the page (data-cap, data-limit), which has them from the rules. */
(() => {
  "use strict";

  /* A link to a cell opens the class that holds it, also on pages that are only read. */
  function reveal(id) {
    const target = id ? document.getElementById(id) : null;
    if (!target) return;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      fold.open = true;
      fold.classList.remove("rf-class--hidden");
    }
    target.scrollIntoView({ block: "center" });
    const field = target.matches("input, select, textarea") ? target : target.querySelector("input, select");
    field?.focus({ preventScroll: true });
  }
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href^="#"]') : null;
    const id = link ? decodeURIComponent(link.getAttribute("href").slice(1)) : "";
    if (!id || !document.getElementById(id) || link.closest(".sj-top, .sj-side, .sj-drawer")) return;
    event.preventDefault();
    history.replaceState(history.state, "", `#${id}`);
    reveal(id);
  });
  if (location.hash.length > 1) reveal(decodeURIComponent(location.hash.slice(1)));

  const form = document.querySelector("form[data-return-form]");
  if (!form) return;
  form.classList.add("rf-has-script");

  /* Figures, as the server reads them: plain digits only. What it would refuse counts for nothing here either. --- */

  const minutesOf = (text) => (/^[+-]?\d{1,9}$/.test(text.trim()) ? Number(text) : null);
  const rounded = (value) => String(Math.round(value * 100) / 100);

  /* One class: totals by day, mean of the week, what is still open --------------------------------------------- */

  const rowsOf = (block) => [...block.querySelectorAll("[data-row]")];
  const cell = (row, day) => row.querySelector(`input[name$="-m${day}"]`);
  const part = (row, name) => row.querySelector(`[name$="-${name}"]`);

  function dayTotal(block, day) {
    let sum = 0;
    let filled = false;
    const layers = new Map();
    for (const row of rowsOf(block)) {
      const text = cell(row, day).value;
      if (text.trim() === "") continue;
      filled = true;
      const minutes = minutesOf(text);
      if (minutes === null || !part(row, "written").checked) continue;
      const layer = part(row, "alternative").value.trim();
      const key = `${part(row, "subject").value}\n${layer}`;
      if (layer === "") sum += minutes;
      else layers.set(key, Math.max(layers.get(key) ?? 0, minutes));
    }
    return { filled, sum: [...layers.values()].reduce((a, b) => a + b, sum) };
  }

  function showDay(block, place, isOff) {
    const day = place.dataset.total;
    const { filled, sum } = dayTotal(block, day);
    const none = block.querySelector(`[data-none="${day}"]`);
    if (none) {
      if (filled) none.checked = false;
      none.disabled = filled;
    }
    for (const part of ["pd", "pl"]) block.querySelector(`[name$="-${part}-${day}"]`).disabled = !filled;
    const ticked = Boolean(none?.checked);
    const isSchoolDay = "schoolDay" in place.dataset;
    const isOpen = isSchoolDay && !filled && !ticked && !isOff;
    const isOver = filled && "cap" in place.dataset && sum > Number(place.dataset.cap);
    place.querySelector("[data-figure]").textContent = filled ? String(sum) : ticked ? "无" : isOpen ? "—" : "";
    const cap = place.querySelector("[data-cap-text]");
    if (cap) cap.hidden = !filled || (place.dataset.cap === "0" && !isOver); // “0/0” says nothing
    place.querySelector("[data-warn]").hidden = !isOver;
    place.classList.toggle("rf-total--over", isOver);
    place.classList.toggle("rf-total--open", isOpen);
    return { isSchoolDay, isOpen, isOver, filled, ticked, sum };
  }

  function stateText(isOff, open) {
    const state = document.createElement("span");
    if (isOff) state.textContent = "本周无课";
    else if (open) {
      state.className = "rf-open";
      state.textContent = `未填 ${open} 天`;
    } else {
      state.className = "rf-done";
      state.innerHTML = '<i class="bi bi-check-lg" aria-hidden="true"></i>已填完';
    }
    return state;
  }

  function showClass(block) {
    const isOff = Boolean(block.querySelector("[data-off]")?.checked);
    const days = [...block.querySelectorAll("[data-total]")].map((place) => showDay(block, place, isOff));
    const schoolDays = days.filter((day) => day.isSchoolDay);
    const open = days.filter((day) => day.isOpen).length;
    const mean = block.querySelector("[data-mean]");
    const value = schoolDays.reduce((sum, day) => sum + day.sum, 0) / schoolDays.length;
    const isBlank = !isOff && !days.some((day) => day.filled || day.ticked);
    mean.querySelector("[data-figure]").textContent = isBlank || !schoolDays.length ? "" : rounded(value);
    mean.classList.toggle("rf-total--over", "cap" in mean.dataset && value > Number(mean.dataset.cap));
    block.querySelector("[data-state]").replaceChildren(stateText(isOff, open));
    block.dataset.open = String(open);
    block.dataset.over = String(days.some((day) => day.isOver));
  }

  const classes = [...form.querySelectorAll("[data-class]")];
  const section = form.querySelector("[data-homework]");

  function showCounts() {
    if (!section || !classes.length) return;
    const over = classes.filter((block) => block.dataset.over === "true").length;
    section.querySelector("[data-count-answered]").textContent = String(classes.filter((b) => b.dataset.open === "0").length);
    section.querySelector("[data-count-over]").textContent = String(over);
    section.querySelector("[data-count-over-note]").hidden = over === 0;
  }

  /* How much is still open, beside the buttons: who sees it there need not be refused first. */
  function showMissing() {
    const note = form.querySelector("[data-form-note]");
    if (!note) return;
    const blank = [...form.querySelectorAll("[data-stage]")].flatMap((stage) =>
      schoolDayColumns(stage).filter((column) => !firstField(stage, column).value.trim() && !tickOf(stage, column)?.checked));
    const missing = classes.reduce((sum, block) => sum + Number(block.dataset.open), blank.length);
    const wrong = form.querySelectorAll('[aria-invalid="true"]').length;
    if (missing) note.textContent = `还有 ${missing} 处未填，可先保存草稿。`;
    else note.textContent = wrong ? `标出的 ${wrong} 格需要修改。` : "都填好了，可以预览或提交。";
  }

  /* Words of what is folded away in a row: kind, who marks, whether parents are asked. --------------------------- */

  const forbidden = new Set((section?.dataset.forbidden ?? "").split(" "));
  const beginsWith = new Map((section?.dataset.newRow ?? "").split(" ").map((pair) => pair.split(":")));
  const partOf = (field) => field.name.slice(field.name.lastIndexOf("-") + 1);

  function showWords(row) {
    const words = [...row.querySelectorAll(".rf-more select")].map((field) => {
      const word = document.createElement("span");
      word.textContent = field.selectedOptions[0]?.text ?? "";
      word.classList.toggle("rf-forbidden", forbidden.has(`${partOf(field)}:${field.value}`));
      word.classList.toggle("rf-unstated", field.value === "");
      return word;
    });
    row.querySelector(".rf-more__words").replaceChildren(...words);
  }

  function addRow(button) {
    const block = button.closest("[data-class]");
    const body = block.querySelector("[data-rows]");
    const rows = rowsOf(block);
    const row = rows[rows.length - 1].cloneNode(true);
    const index = body.dataset.nextRow;
    body.dataset.nextRow = String(Number(index) + 1);
    row.querySelectorAll("input[type=hidden]").forEach((field) => field.remove());
    row.querySelectorAll("[name]").forEach((field) => {
      field.name = field.id = field.name.replace(/-\d+-([a-z]+[1-7]?)$/, `-${index}-$1`);
      field.removeAttribute("aria-invalid");
      field.removeAttribute("title");
      if (field.type !== "checkbox") field.value = beginsWith.get(partOf(field)) ?? "";
    });
    part(row, "optional").checked = false;
    row.querySelector(".rf-more details").open = false;
    showWords(row);
    body.append(row);
    part(row, "subject").focus();
  }

  /* One stage: the same for every school day, and what falls short ---------------------------------------------- */

  const FIRST_DAY = 2; // columns of a stage's grid: label, the same each day, Monday …
  const DAYS = [0, 1, 2, 3, 4, 5, 6].map((day) => FIRST_DAY + day);
  const fieldIn = (row, column) => row?.cells[column]?.querySelector("input, select") ?? null;
  const firstField = (stage, column) => fieldIn(stage.querySelector("[data-first]"), column);
  const tickOf = (stage, column) => fieldIn(stage.querySelector(".rf-line--ticks"), column);
  const schoolDayColumns = (stage) => DAYS.filter((column) =>
    firstField(stage, column) && !stage.querySelector("[data-first]").cells[column].classList.contains("rf-slot--off"));

  function asClock(text) {
    const match = /^(\d{1,2})[:.]?(\d{2})$/.exec(text.trim());
    return match ? `${match[1].padStart(2, "0")}:${match[2]}` : text;
  }

  /* 11/2, 11.2, 2026/11/2: how Excel writes a date. A date without its year is this week's, as the cells show it. */
  function asDate(text) {
    const match = /^(?:(\d{4})[-/.])?(\d{1,2})[-/.](\d{1,2})$/.exec(text.trim());
    if (!match) return text;
    const [, year, month, day] = match;
    return year ? `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}` : `${Number(month)}-${day.padStart(2, "0")}`;
  }

  function valueOf(row, text) {
    if (row.dataset.line === "number") return minutesOf(text);
    const match = /^(\d{1,2}):(\d{2})$/.exec(text.trim());
    return match ? Number(match[1]) * 60 + Number(match[2]) : null;
  }

  function showStageDay(stage, column) {
    const first = stage.querySelector("[data-first]");
    const field = firstField(stage, column);
    const tick = tickOf(stage, column);
    const filled = Boolean(field?.value.trim());
    if (tick) {
      if (filled) tick.checked = false;
      tick.disabled = filled;
    }
    /* Where there is no service only the wish for it can be stated. */
    stage.querySelectorAll("[data-line], [data-choice]").forEach((row) => {
      const own = fieldIn(row, column);
      if (own && !("besideTick" in row.dataset)) own.disabled = Boolean(tick?.checked);
    });
    if (!field) return;
    const slot = first.cells[column];
    const value = valueOf(first, field.value);
    const isBelow = value !== null && "limit" in slot.dataset && value < Number(slot.dataset.limit);
    slot.classList.toggle("rf-slot--below", isBelow);
    slot.querySelector("[data-warn]").hidden = !isBelow;
  }

  function showChosen(stage) {
    const words = stage.querySelector('[data-line="choices"]');
    if (!words) return;
    const rows = [...stage.querySelectorAll("[data-choice]")];
    for (const column of DAYS) {
      const chosen = rows.filter((row) => fieldIn(row, column)?.checked);
      const place = words.cells[column].querySelector("[data-words]");
      if (!place) continue;
      place.textContent = chosen.map((row) => row.dataset.choice).join("、");
      place.classList.toggle("rf-forbidden", chosen.some((row) => row.querySelector("th.rf-forbidden")));
    }
  }

  function showStage(stage) {
    DAYS.forEach((column) => showStageDay(stage, column));
  }

  function fillAll(stage, all) {
    const row = all.closest("tr");
    for (const column of schoolDayColumns(stage)) {
      const field = fieldIn(row, column);
      if (!field || field.disabled || tickOf(stage, column)?.checked) continue;
      if (all.type === "checkbox") field.checked = all.checked;
      else field.value = all.value;
    }
  }

  /* Events ----------------------------------------------------------------------------------------------------- */

  const isClock = (field) => field.closest("tr")?.dataset.line === "clock";

  form.addEventListener("input", (event) => {
    const field = event.target;
    if (field === form) return;
    field.removeAttribute("aria-invalid");
    const stage = field.closest("[data-stage]");
    if (stage) {
      if (field.matches("[data-all]")) fillAll(stage, field);
      showStage(stage);
      showChosen(stage);
    }
    const block = field.closest("[data-class]");
    if (block) {
      if (field.matches(".rf-more select")) showWords(field.closest("[data-row]"));
      showClass(block);
      showCounts();
    }
    showMissing();
  });

  form.addEventListener("change", (event) => {
    const field = event.target;
    if (/-pd-[1-7]$/.test(field.name)) field.value = asDate(field.value);
    const stage = field.closest("[data-stage]");
    if (!stage || !isClock(field)) return;
    field.value = asClock(field.value);
    if (field.matches("[data-all]")) fillAll(stage, field);
    showStage(stage);
    showMissing();
  });

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches("[data-add-row]")) {
      event.preventDefault();
      addRow(button);
    } else if (button.matches("[data-unfold], [data-fold]")) {
      classes.forEach((block) => { block.open = button.matches("[data-unfold]"); });
    } else if (button.matches("[data-only-open]")) {
      const only = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(only));
      classes.forEach((block) => block.classList.toggle("rf-class--hidden", only && block.dataset.open === "0"));
    }
  });

  /* Empty cells say nothing: left out, the largest school stays far below the server's limit of fields. "The same each
     day" has been filled in by this script already; sent along, it would fill again a day that was emptied since. */
  form.addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData.entries()]) {
      const isFilled = /^(sd|as)-.*-all(-\w+)?$/.test(name);
      if (isFilled || (value === "" && /^(hw|sd|as)-/.test(name))) event.formData.delete(name);
    }
  });

  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  document.querySelector("form[data-leaves-form]")?.addEventListener("submit", (event) => {
    if (changed && !window.confirm("表中有尚未保存的修改，撤回后会丢失。仍要撤回吗？")) event.preventDefault();
  });

  /* The server has laid out every class already; only what is seen gets its cells closed that have nothing to say. */
  classes.filter((block) => block.open).forEach(showClass);
  classes.forEach((block) => block.addEventListener("toggle", () => block.open && showClass(block)));
  form.querySelectorAll("[data-stage]").forEach(showStage);
  showMissing();
  /* An answer to a post shows what is saved nowhere yet: leaving it asks first, as after typing. */
  if ("unsaved" in form.dataset) form.dispatchEvent(new Event("input", { bubbles: true }));
})();
