/* The weekly return's form. Without this file it is complete; with it the totals run along, rows are added in place, and
   the keyboard moves over the grid. The limits come from the page (data-cap, data-limit), which has them from the rules. */
(() => {
  "use strict";

  /* A link to a cell opens the class that holds it, also on pages that are only read. */
  function reveal(id) {
    const target = id ? document.getElementById(id) : null;
    if (!target) return;
    const fold = target.closest("details");
    if (fold) {
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

  /* Figures: full-width digits of a Chinese keyboard are digits too ------------------------------------------- */

  const plain = (text) => text.normalize("NFKC").trim();
  const minutesOf = (text) => (/^[+-]?\d{1,9}$/.test(plain(text)) ? Number(plain(text)) : null);
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
    const isOff = block.querySelector("[data-off]").checked;
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

  function showCounts() {
    const section = form.querySelector("[data-homework]");
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
    const slots = [...form.querySelectorAll("[data-stage] .rf-slot:not(.rf-slot--off)")];
    const blank = slots.filter((slot) => {
      const field = slot.querySelector("[data-value]");
      return field && !field.value.trim() && !slot.querySelector("[data-none]:checked");
    });
    const missing = classes.reduce((sum, block) => sum + Number(block.dataset.open), blank.length);
    note.textContent = missing ? `还有 ${missing} 处未填，可先保存草稿。` : "都填好了，可以预览或提交。";
  }

  function addRow(button) {
    const block = button.closest("[data-class]");
    const body = block.querySelector("[data-rows]");
    const rows = rowsOf(block);
    const row = rows[rows.length - 1].cloneNode(true);
    const index = body.dataset.nextRow;
    body.dataset.nextRow = String(Number(index) + 1);
    row.querySelectorAll("[name]").forEach((field) => {
      field.name = field.id = field.name.replace(/-\d+-([a-z]+[1-7]?)$/, `-${index}-$1`);
      field.removeAttribute("aria-invalid");
      field.removeAttribute("title");
      if (field.type !== "checkbox") field.value = "";
    });
    part(row, "optional").checked = false;
    body.append(row);
    part(row, "subject").focus();
  }

  /* One stage: the same for every school day, and what falls short ---------------------------------------------- */

  function asClock(text) {
    const match = /^(\d{1,2})[:.]?(\d{2})$/.exec(plain(text));
    return match ? `${match[1].padStart(2, "0")}:${match[2]}` : text;
  }

  function valueOf(stage, text) {
    if (stage.dataset.kind === "minutes") return minutesOf(text);
    const match = /^(\d{2}):(\d{2})$/.exec(text);
    return match ? Number(match[1]) * 60 + Number(match[2]) : null;
  }

  function showStage(stage) {
    stage.querySelectorAll(".rf-slot").forEach((slot) => {
      const field = slot.querySelector("[data-value]");
      if (!field) return;
      const none = slot.querySelector("[data-none]");
      if (none) {
        if (field.value.trim()) none.checked = false;
        none.disabled = Boolean(field.value.trim());
      }
      const value = valueOf(stage, field.value);
      const isBelow = value !== null && "limit" in slot.dataset && value < Number(slot.dataset.limit);
      slot.classList.toggle("rf-slot--below", isBelow);
      slot.querySelector("[data-warn]").hidden = !isBelow;
    });
  }

  function fillAll(stage, text) {
    stage.querySelectorAll(".rf-slot:not(.rf-slot--off)").forEach((slot) => {
      const field = slot.querySelector("[data-value]");
      if (field && !slot.querySelector("[data-none]:checked")) field.value = text;
    });
  }

  /* Events ----------------------------------------------------------------------------------------------------- */

  form.addEventListener("input", (event) => {
    const field = event.target;
    field.removeAttribute("aria-invalid");
    const stage = field.closest("[data-stage]");
    if (stage) {
      if (field.matches("[data-all]")) fillAll(stage, stage.dataset.kind === "clock" ? asClock(field.value) : field.value);
      showStage(stage);
    }
    const block = field.closest("[data-class]");
    if (block) {
      showClass(block);
      showCounts();
    }
    showMissing();
  });

  form.addEventListener("change", (event) => {
    const stage = event.target.closest('[data-stage][data-kind="clock"]');
    if (!stage || !event.target.matches("[data-value], [data-all]")) return;
    event.target.value = asClock(event.target.value);
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

  /* Enter and the arrows move to the cell below or above; nothing is sent by an Enter in a cell. */
  function cellBeside(field, step) {
    const day = /-(m[1-7])$/.exec(field.name)?.[1];
    const column = day ? [...form.querySelectorAll(`details[open] input[name$="-${day}"]`)] : [];
    return column[column.indexOf(field) + step] ?? null;
  }
  form.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || event.isComposing) return;
    const step = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    if (event.key === "Enter") event.preventDefault();
    const next = cellBeside(field, step);
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.select();
  });

  /* Empty cells say nothing: left out, the largest school stays far below the server's limit of fields. */
  form.addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData.entries()]) {
      if (value === "" && /^(hw|sd|as)-/.test(name)) event.formData.delete(name);
    }
  });

  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  document.querySelector("form[data-leaves-form]")?.addEventListener("submit", (event) => {
    if (changed && !window.confirm("表中有尚未保存的修改，撤回后会丢失。仍要撤回吗？")) event.preventDefault();
  });

  classes.forEach(showClass);
  showCounts();
  form.querySelectorAll("[data-stage]").forEach(showStage);
  showMissing();
  /* An answer to a post shows what is saved nowhere yet: leaving it asks first, as after typing. */
  if ("unsaved" in form.dataset) form.dispatchEvent(new Event("input", { bubbles: true }));
})();
