/* The weekly return's grids as a sheet: cells by arrows and Enter, Ctrl+D, and blocks pasted from Excel or WPS. Values are
   put in as they were copied; whether they hold is for the server to say. A value lands on a day off only when its day
   was named. */
(() => {
  "use strict";

  const form = document.querySelector("form[data-return-form]");
  if (!form) return;

  /* Where a field stands ----------------------------------------------------------------------------------------- */

  const SHARE = 8; // column of a homework row after its seven days
  const isOff = (cell) => cell.matches(".rf-cell--off, .rf-slot--off");
  const fieldIn = (cell) => cell?.querySelector("input:not([type=hidden]), select") ?? null;
  const isShown = (row) => !row.closest("details:not([open]), .rf-class--hidden");
  const firstDay = (grid) => (grid.dataset.grid === "stage" ? 2 : 1);
  const isDay = (grid, column) => column >= firstDay(grid) && column < firstDay(grid) + 7;
  const isText = (field) => field instanceof HTMLInputElement && !["checkbox", "hidden"].includes(field.type);

  function placeOf(field) {
    const cell = field instanceof Element ? field.closest("td, th") : null;
    const grid = cell?.closest("[data-grid]");
    if (!grid || !form.contains(grid)) return null;
    return { field, cell, row: cell.parentElement, column: cell.cellIndex, grid };
  }

  /* Rows of every unfolded grid of the same kind, in reading order: the column goes on from class to class. */
  const rowsLike = (grid) =>
    [...form.querySelectorAll(`[data-grid="${grid.dataset.grid}"] tr`)].filter(isShown);

  function below({ row, column, grid }, step) {
    const rows = rowsLike(grid);
    for (let index = rows.indexOf(row) + step; index >= 0 && index < rows.length; index += step) {
      const field = fieldIn(rows[index].cells[column]);
      if (field && !field.disabled) return field;
    }
    return null;
  }

  function beside({ row, column, grid }, step) {
    const last = grid.dataset.grid === "stage" ? 8 : SHARE;
    for (let index = column + step; index >= 0 && index <= last; index += step) {
      const field = fieldIn(row.cells[index]);
      if (field && !field.disabled) return field;
    }
    return null;
  }

  function isAtEdge(field, step) {
    if (!isText(field)) return true;
    const { selectionStart: start, selectionEnd: end, value } = field;
    return (start === 0 && end === value.length) || (start === end && start === (step < 0 ? 0 : value.length));
  }

  /* What was typed stands selected when a cell is entered, so that digits replace it. */
  let entered = null;
  form.addEventListener("focusin", ({ target }) => {
    if (!isText(target) || !target.closest("td") || !placeOf(target)) return;
    target.select();
    entered = target;
  });
  form.addEventListener("mouseup", (event) => {
    if (event.target === entered) event.preventDefault(); // the click that enters a cell must not drop its selection
    entered = null;
  });

  /* What was done last, to be undone ----------------------------------------------------------------------------- */

  const states = { read: (field) => (field.type === "checkbox" ? field.checked : field.value) };
  states.write = (field, value) => { field[field.type === "checkbox" ? "checked" : "value"] = value; };

  let last = null;
  class Change {
    constructor() {
      this.cells = new Map();
      this.rows = [];
      this.isFresh = true;
    }

    put(field, value) {
      if (!this.cells.has(field)) this.cells.set(field, { before: states.read(field) });
      states.write(field, value);
      this.cells.get(field).after = states.read(field);
      field.removeAttribute("aria-invalid");
    }

    /* Totals and ticks follow by the form's own script, once per row touched. */
    announce() {
      const rows = new Map([...this.cells.keys()].map((field) => [field.closest("tr"), field]));
      rows.forEach((field) => {
        if (field.isConnected) field.dispatchEvent(new Event("input", { bubbles: true }));
      });
      this.cells.forEach((_, field) => {
        if (field.matches("[data-all]")) field.dispatchEvent(new Event("input", { bubbles: true }));
      });
    }

    /* A cell that was typed into since stays as it is. */
    undo() {
      this.cells.forEach(({ before, after }, field) => {
        if (states.read(field) === after) states.write(field, before);
      });
      this.announce();
      this.rows.forEach((row) => {
        const isBlank = [...row.querySelectorAll("td.rf-cell input")].every((field) => !field.value.trim());
        if (isBlank) row.remove();
      });
      last = null;
    }
  }

  form.addEventListener("input", (event) => {
    if (event.isTrusted && last) last.isFresh = false; // from now on Ctrl+Z means the typing
  });

  /* What happened, in words, with the way back --------------------------------------------------------------------- */

  function tell(words, refused, change) {
    form.querySelector(".rf-pasted")?.remove();
    const notice = document.createElement("div");
    notice.className = `sj-message rf-pasted${refused.length ? " sj-message--warning" : ""}`;
    notice.setAttribute("role", "status");
    const text = document.createElement("div");
    const head = document.createElement("strong");
    head.textContent = words;
    text.append(head);
    if (refused.length) {
      const list = document.createElement("ul");
      for (const line of refused.slice(0, 8)) list.append(Object.assign(document.createElement("li"), { textContent: line }));
      if (refused.length > 8) list.append(Object.assign(document.createElement("li"), { textContent: `另有 ${refused.length - 8} 处` }));
      text.append(list);
    }
    const button = (label, act) => {
      const one = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm sj-button", textContent: label });
      one.addEventListener("click", () => { act(); notice.remove(); });
      return one;
    };
    notice.append(text);
    if (change?.cells.size) notice.append(button(change.label, () => change.undo()));
    notice.append(button("知道了", () => {}));
    form.querySelector(".sj-form-end").before(notice);
  }

  /* Ctrl+D: to the right over the school days; down where a column is one thing of many items -------------------------- */

  function fillOn(place) {
    const { field, row, column, grid, cell } = place;
    const value = states.read(field);
    const part = field.name.slice(field.name.lastIndexOf("-") + 1);
    let targets = [];
    if (isDay(grid, column)) {
      const cells = [...row.cells].slice(column + 1, firstDay(grid) + 7);
      targets = cells.filter((next) => !isOff(next)).map(fieldIn);
    } else if (grid.dataset.grid === "homework" && row.matches("[data-row]") && cell !== row.cells[0]) {
      for (let next = row.nextElementSibling; next; next = next.nextElementSibling) {
        if (next.querySelector('td.rf-cell input[name*="-m"]')) targets.push(next.querySelector(`[name$="-${part}"]`));
      }
    }
    const change = new Change();
    change.label = "撤销填充";
    targets.filter((target) => target && !target.disabled && target.type === field.type).forEach((target) => change.put(target, value));
    change.announce();
    last = change.cells.size ? change : last;
    if (change.cells.size) tell(`已填入 ${change.cells.size} 格。`, [], change);
  }

  form.addEventListener("keydown", (event) => {
    const place = placeOf(event.target);
    const isCommand = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (isCommand && event.key.toLowerCase() === "z" && last?.isFresh) {
      event.preventDefault();
      last.undo();
      form.querySelector(".rf-pasted")?.remove();
    } else if (isCommand && event.key.toLowerCase() === "d" && place) {
      event.preventDefault();
      fillOn(place);
    } else if (!event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing && event.target instanceof HTMLInputElement) {
      move(event, place);
    }
  });

  function move(event, place) {
    if (event.key === "Enter") event.preventDefault(); // nothing is sent by an Enter in a cell
    if (!place) return;
    const down = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    const right = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (down === undefined && (right === undefined || event.shiftKey || !isAtEdge(event.target, right))) return;
    const next = down === undefined ? beside(place, right) : below(place, down);
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  /* A block from a spreadsheet ------------------------------------------------------------------------------------- */

  function parse(text) {
    const rows = [[""]];
    let isQuoted = false;
    const source = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
    for (let at = 0; at < source.length; at += 1) {
      const row = rows[rows.length - 1];
      const sign = source[at];
      if (isQuoted && sign === '"' && source[at + 1] === '"') { row[row.length - 1] += sign; at += 1; }
      else if (sign === '"' && (isQuoted || row[row.length - 1] === "")) isQuoted = !isQuoted;
      else if (!isQuoted && sign === "\t") row.push("");
      else if (!isQuoted && sign === "\n") rows.push([""]);
      else row[row.length - 1] += sign;
    }
    return rows.map((row) => row.map((value) => value.trim()));
  }

  const WEEKDAYS = "一二三四五六日";
  const DATES = [...form.querySelectorAll(".rf-days__day > span, .rf-line__day > span")].slice(0, 7).map((day) => day.textContent);
  /* The day (0–6) that a heading names, by its weekday or its date: “星期三”, “11-25（周三）”, “2026/11/25”, “11月25日”; −1: none. */
  const dayOf = (head) => {
    const name = /(?:周|星期|礼拜)([一二三四五六日天])/.exec(head);
    if (name) return WEEKDAYS.indexOf(name[1].replace("天", "日"));
    const date = /^(?:\d{4}[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?$/.exec(head);
    return date ? DATES.indexOf(date.slice(1).map((part) => part.padStart(2, "0")).join("-")) : -1;
  };
  const plain = (name) => name.replaceAll("(", "（").replaceAll(")", "）").replace(/\s/g, "");
  const isFigure = (value) => /^[\d０-９]/.test(value ?? "");
  const labelOf = (row) => row.cells[0].firstChild?.textContent.trim() ?? "";
  const subjectOf = (row) => row.querySelector('select[name$="-subject"]');

  /* Which rows of the grid the block's lines go to, and which of its columns to which of the grid's. */
  class Target {
    constructor(place, block, change) {
      Object.assign(this, place, { change });
      this.isItems = this.row.matches("[data-row]");
      const heads = block.length > 1 && !this.row.matches("[data-published]") ? block[0].map(dayOf) : [];
      this.heads = heads.filter((day) => day >= 0).length > 1 ? heads : null;
      this.lines = this.heads ? block.slice(1) : block;
      this.known = this.names();
      this.nameAt = this.findNames();
      this.findStrangers();
      this.used = new Set();
      this.below = this.rows();
    }

    names() {
      if (this.isItems) return new Set([...subjectOf(this.row).options].map((option) => option.text).slice(1));
      return new Set([...this.grid.querySelectorAll(":scope > tbody > tr[data-line]")].map(labelOf));
    }

    /* The block's column of row names; −1: it has none. Before it may stand others, such as the class. */
    findNames() {
      const end = this.heads ? this.heads.findIndex((day) => day >= 0) : 3;
      for (let at = 0; at < end; at += 1) {
        if (this.lines.some((line) => this.known.has(line[at]) && line.length > at + 1)) {
          const hasFigures = this.lines.some((line) => isFigure(line[at]) && !this.known.has(line[at]));
          return hasFigures && !this.heads ? -1 : at;
        }
        if (!this.heads && this.lines.some((line) => isFigure(line[at]))) break;
      }
      return this.column === 0 ? 0 : -1;
    }

    /* Lines that a column before the names gives to another class of this form; an empty cell means the one above. */
    findStrangers() {
      this.strangers = new Map();
      if (!this.isItems || this.nameAt < 1) return;
      const nameIn = (block) => plain(block.querySelector(".rf-class__name > b").textContent);
      const classes = new Set([...form.querySelectorAll("[data-class]")].map(nameIn));
      const own = nameIn(this.row.closest("[data-class]"));
      let current = "";
      for (const line of this.lines) {
        current = line.slice(0, this.nameAt).map(plain).find((name) => classes.has(name) || /班$/.test(name)) ?? current;
        if (classes.has(current) && current !== own) this.strangers.set(line, current);
      }
    }

    rows() {
      const all = [...this.row.parentElement.children].filter((row) => row.matches("[data-row], [data-line], [data-published], [data-choice]"));
      return all.slice(Math.max(0, all.indexOf(this.row)));
    }

    /* (column of the grid, whether the day was named) of a column of the block; −1: the block's row names. */
    columnOf(index) {
      if (index <= this.nameAt) return [-1, false];
      if (this.heads) return this.heads[index] < 0 ? [null, false] : [firstDay(this.grid) + this.heads[index], true];
      const start = this.column === 0 ? firstDay(this.grid) : this.column;
      const column = start + index - (this.nameAt + 1);
      const isInside = isDay(this.grid, start) ? isDay(this.grid, column) : column === start;
      return [isInside || (this.grid.dataset.grid === "stage" && column < 9) ? column : null, false];
    }

    rowOf(line, index) {
      const name = line[this.nameAt] ?? "";
      const row = this.isItems ? this.itemRow(name, index) : this.namedRow(name, index);
      if (row) this.used.add(row);
      return row;
    }

    namedRow(name, index) {
      if (!name) return this.below[index] ?? null;
      return [...this.grid.querySelectorAll(":scope > tbody > tr[data-line]")].find((row) => labelOf(row) === name) ?? null;
    }

    /* The row of that subject, else one that has no subject yet, else a new one. */
    itemRow(name, index) {
      if (!name) return this.below[index] ?? this.add();
      if (!this.known.has(name)) return null;
      const free = this.below.filter((row) => !this.used.has(row));
      const row = free.find((each) => subjectOf(each).value === name) ?? free.find((each) => subjectOf(each).value === "") ?? this.add();
      if (subjectOf(row).value !== name) this.change.put(subjectOf(row), name);
      return row;
    }

    add() {
      const block = this.row.closest("[data-class]");
      block.querySelector("[data-add-row]").click();
      const row = block.querySelector("[data-rows]").lastElementChild;
      this.change.rows.push(row);
      this.below.push(row);
      return row;
    }
  }

  /* Why a value cannot stand in the field; "" when it goes in. Digits of any width do, and the check will speak of them. */
  function refusal(field, value) {
    if (field instanceof HTMLSelectElement) {
      const isOffered = [...field.options].some((option) => option.text === value || option.value === value);
      return isOffered ? "" : "不在可选项中";
    }
    if (field.type === "checkbox") return /^(√|✓|是|1)$/.test(value) ? "" : "只能填 √ 或留空";
    if (/-pl-\d$/.test(field.name)) return "";
    const isMoment = /-pd-\d$/.test(field.name) || field.closest("[data-line=clock]");
    const figures = isMoment ? /^[\d０-９.．:：/-]+$/ : /-share$/.test(field.name) ? /^[\d０-９.．]+\s*[%％]?$/ : /^[+-]?[\d０-９.．]+$/;
    if (figures.test(value)) return "";
    return /^[\d０-９]/.test(value) ? "请只填数字，不带单位" : "不是数字";
  }

  function write(change, field, value) {
    if (field.type === "checkbox") change.put(field, true);
    else if (field instanceof HTMLSelectElement) change.put(field, [...field.options].find((option) => option.text === value || option.value === value).value);
    else change.put(field, value);
    field.dispatchEvent(new Event("change", { bubbles: true })); // times and dates are spelled out as after typing
    change.put(field, states.read(field));
  }

  function nameOf(row, line, target) {
    if (line[target.nameAt]) return line[target.nameAt];
    if (!row) return "";
    return subjectOf(row)?.selectedOptions[0]?.text ?? labelOf(row);
  }

  function putLine(target, line, index, refused) {
    if (line.every((value) => value === "")) return 0;
    const { change, grid } = target;
    if (target.strangers.has(line)) {
      refused.push(`${target.strangers.get(line)} ${line[target.nameAt]}：不是这个班，请到该班的格里粘贴`);
      return 0;
    }
    const row = target.rowOf(line, index);
    let count = 0;
    line.forEach((value, at) => {
      const [column, isNamed] = target.columnOf(at);
      if (value === "" || column === -1) return;
      const cell = column === null ? null : row?.cells[column];
      const field = fieldIn(cell);
      const day = column !== null && isDay(grid, column) ? `周${WEEKDAYS[column - firstDay(grid)]}` : `第 ${at + 1} 列`;
      const where = `${nameOf(row, line, target)} ${day}“${value}”`.trim();
      if (!row) refused.push(`${where}：${target.isItems ? "没有这个学科" : "没有这一行"}`);
      else if (!cell) refused.push(`${where}：超出表格`);
      else if (!field || field.disabled) refused.push(`${where}：当天不能填`);
      else if (isOff(cell) && !isNamed && !(at === 0 && target.column === column)) refused.push(`${where}：不是上课日，请点到这一天再粘贴，或连同“周一”等表头一起复制`);
      else if (refusal(field, value)) refused.push(`${where}：${refusal(field, value)}`);
      else {
        write(change, field, value);
        count += 1;
      }
    });
    return count;
  }

  function paste(place, block) {
    const change = new Change();
    change.label = "撤销粘贴";
    const refused = [];
    const target = new Target(place, block, change);
    const count = target.lines.reduce((sum, line, index) => sum + putLine(target, line, index, refused), 0);
    change.announce();
    place.field.focus();
    last = change.cells.size || change.rows.length ? change : last;
    const added = change.rows.length ? `，增加 ${change.rows.length} 行` : "";
    const missed = refused.length ? `；${refused.length} 格没有填入：` : "。";
    tell(`粘贴已填入 ${count} 格${added}${missed}`, refused, change);
  }

  form.addEventListener("paste", (event) => {
    const place = placeOf(event.target);
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const block = parse(text);
    if (!place || (block.length === 1 && block[0].length === 1)) return; // one value: the browser's own paste
    event.preventDefault();
    paste(place, block);
  });
})();
