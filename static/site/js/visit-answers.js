/* Every answer saves itself. form[data-autosave] is posted whenever something in it changes; what is not on the server
   yet lies in this phone (visit-store.js) and is sent again when the page opens or the line is back. A colleague's entry is
   never overwritten: 409 shows both and lets the person choose. */
(() => {
  "use strict";

  const page = document.querySelector("[data-visit]");
  if (!page) return;
  const store = window.sjVisitStore;
  const visit = page.dataset.visit;
  const NOT_SENT = new Set(["csrfmiddlewaretoken", "revision"]);
  const TYPING = 900;
  const AGAIN = 15000;

  const make = (tag, className, text) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text) node.textContent = text;
    return node;
  };
  const button = (words, act, isMain) => {
    const made = make("button", `btn ${isMain ? "btn-primary" : "sj-button"}`, words);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  };

  /* Fields that say something only together. */
  const TOGETHER = [["met_name", "met_post"], ["companion_name", "companion_unit"]];

  /* Values of a group of fields, by rows, blank rows left out: two of them are the same when these texts are. */
  function rowsOf(names, valuesOf) {
    const columns = names.map((name) => valuesOf(name));
    const rows = columns[0].map((_, at) => columns.map((column) => String(column[at] ?? "").trim()));
    return JSON.stringify(names.length > 1 ? rows.filter((row) => row.some(Boolean)) : rows.filter(([only]) => only).sort());
  }

  /* One form and what of it the server knows. */
  class Entry {
    constructor(form) {
      this.form = form;
      this.place = form.getAttribute("action");
      this.state = form.querySelector("[data-state]");
      this.timer = 0;
      this.isDirty = false;
      this.sending = null;
      this.isBlocked = false; // a conflict waits for the person
      this.base = this.typed(); // what the server had when it was last heard
      form.addEventListener("input", (event) => this.changed(event.target));
      form.addEventListener("change", (event) => this.changed(event.target));
      form.addEventListener("submit", (event) => {
        if (event.submitter?.dataset.plain !== undefined) return;
        event.preventDefault();
        this.save();
      });
      this.mark();
    }

    /* Fields as [name, value] pairs, photos left out: they have a queue of their own. */
    typed() {
      return [...new FormData(this.form)].filter(([name, value]) => !NOT_SENT.has(name) && typeof value === "string");
    }

    mark() {
      const verdict = this.form.querySelector("[name=verdict]:checked");
      if (this.form.dataset.item === undefined) return;
      this.form.dataset.verdict = verdict ? verdict.value : "";
      this.form.dataset.decision = this.form.querySelector("[name=decision]:checked")?.value || "";
      // What fails needs a note, and mostly a photo.
      if (verdict?.value === "failed") this.form.querySelector("details").open = true;
    }

    changed(field) {
      if (field.type === "file") return;
      this.mark();
      this.isDirty = true;
      const isTyped = field.matches("textarea, input:not([type=radio]):not([type=checkbox]):not([type=date])");
      this.keep();
      document.dispatchEvent(new CustomEvent("visit:progress"));
      if (this.isBlocked) return; // what is typed now goes with "用我填的"
      this.tell("saving", "正在保存");
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), isTyped ? TYPING : 0);
    }

    keep() {
      return store.put("entries", {
        place: this.place, visit, fields: this.typed(), revision: this.revision, base: this.base,
      });
    }

    get revision() {
      return this.form.elements.revision.value;
    }
    set revision(value) {
      this.form.elements.revision.value = value;
    }

    tell(state, words, ...acts) {
      this.form.dataset.saved = state;
      if (!this.state) return;
      this.state.className = `vf-state vf-state--${state}`;
      this.state.replaceChildren(document.createTextNode(words), ...acts);
    }

    /* Resolves when the server has everything, or cannot have it now. */
    save() {
      clearTimeout(this.timer);
      if (this.isBlocked) return Promise.resolve();
      this.sending ??= this.send().finally(() => {
        this.sending = null;
      });
      return this.sending;
    }

    async send() {
      while (this.isDirty && !this.isBlocked) {
        this.isDirty = false;
        const fields = this.typed();
        const body = new FormData();
        for (const [name, value] of fields) body.append(name, value);
        body.append("revision", this.revision);
        this.tell("saving", "正在保存");
        if (!(await this.post(body, fields))) break;
      }
    }

    async post(body, fields) {
      const token = this.form.elements.csrfmiddlewaretoken.value;
      let answer;
      try {
        answer = await fetch(this.place, {
          method: "POST",
          body,
          headers: { "X-CSRFToken": token, Accept: "application/json" },
          signal: AbortSignal.timeout ? AbortSignal.timeout(30000) : undefined,
        });
      } catch {
        return this.failed("未保存：网络不通。所填内容已存在本机");
      }
      if (store.isLoggedOut(answer)) return this.failed("未保存：登录已过期，请重新登录后回到本页，所填内容已存在本机");
      const said = await answer.json().catch(() => ({}));
      if (answer.status === 409) return this.conflict(said);
      if (answer.status === 422) return this.refused(said);
      if (!answer.ok) return this.failed(`未保存：${said.message || `服务器没有接受（${answer.status}）`}`);
      this.revision = said.revision;
      this.base = fields;
      if (!this.isDirty) {
        await store.remove("entries", this.place);
        this.tell("saved", `已保存 ${store.hour(new Date())}`);
      }
      return true;
    }

    failed(words) {
      this.isDirty = true;
      this.tell("failed", words, button("重试", () => this.save()));
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), AGAIN);
      return false;
    }

    refused(said) {
      const words = (said.problems || []).map((problem) => problem.message).join(" ") || said.message || "没有保存";
      this.tell("failed", `未保存：${words}`);
      return false;
    }

    /* People and result are many fields under one revision: what one person alone changed stands; false where both changed
       the same, and then only that is asked about. */
    merged(said) {
      const groups = new Set(Object.keys(said.stored).map((name) => TOGETHER.find((names) => names.includes(name)) || [name]));
      const typed = this.typed();
      const of = (pairs) => (name) => pairs.filter(([key]) => key === name).map(([, value]) => value);
      const stored = (name) => [said.stored[name] ?? []].flat();
      const adopted = [];
      let isClear = true;
      for (const names of groups) {
        const [mine, base, theirs] = [of(typed), of(this.base), stored].map((values) => rowsOf(names, values));
        if (mine !== theirs && mine === base) for (const name of names) adopted.push([name, stored(name)]);
        else if (mine !== theirs && theirs !== base) isClear = false;
      }
      this.fill(adopted);
      if (!isClear) {
        const names = adopted.map(([name]) => name);
        this.base = this.base.filter(([name]) => !names.includes(name));
        for (const [name, values] of adopted) for (const value of values) this.base.push([name, String(value)]);
        return false;
      }
      this.base = Object.entries(said.stored).flatMap(([name, value]) => [value].flat().map((each) => [name, String(each)]));
      this.revision = said.revision;
      this.isDirty = true;
      return true;
    }

    /* {message, revision, stored: {field: value or [values]}}: what the colleague saved, beside one's own. */
    conflict(said) {
      if (this.form.dataset.details !== undefined && said.stored && this.merged(said)) return true;
      const box = make("div", "vf-conflict");
      box.setAttribute("role", "alert");
      box.append(make("p", "vf-conflict__head", said.message || "别人先保存了不同的内容"));
      const list = make("dl", "sj-facts");
      for (const [name, theirs] of Object.entries(said.stored || {})) {
        const mine = this.wordsOf(name);
        const other = this.wordsOf(name, theirs);
        if (mine === other) continue;
        list.append(make("dt", "", this.labelOf(name)));
        list.append(make("dd", "", `已保存的：${other || "（空）"}；您填的：${mine || "（空）"}`));
      }
      if (!list.children.length) return this.same(said); // the answer to an earlier attempt was lost on the way
      box.append(list);
      const choice = make("div", "vf-conflict__acts");
      choice.append(
        button("用已保存的", () => this.take(said)),
        button("用我填的", () => this.insist(said), true),
      );
      box.append(choice);
      this.isBlocked = true;
      this.isDirty = true;
      this.tell("failed", "未保存：与已保存的内容不同，请选择");
      this.form.querySelector(".vf-conflict")?.remove();
      this.state.after(box);
      return false;
    }

    async same(said) {
      this.goOn(said);
      await store.remove("entries", this.place);
      this.tell("saved", `已保存 ${store.hour(new Date())}`);
      return true;
    }
    async take(said) {
      await store.remove("entries", this.place);
      this.isDirty = false;
      if (this.form.dataset.item === undefined) return window.location.reload();
      this.fill(Object.entries(said.stored));
      this.goOn(said);
      this.tell("saved", "已改为同事保存的内容");
      document.dispatchEvent(new CustomEvent("visit:progress"));
    }
    insist(said) {
      this.goOn(said);
      return this.save();
    }
    goOn(said) {
      this.revision = said.revision;
      this.isBlocked = false;
      this.form.querySelector(".vf-conflict")?.remove();
    }

    labelOf(name) {
      const field = this.form.querySelector(`[name="${name}"]`);
      return field?.closest("[data-label]")?.dataset.label || name;
    }
    wordsOf(name, given) {
      const fields = this.named(name);
      if (!fields.length) return "";
      if (["radio", "checkbox"].includes(fields[0].type)) {
        const wanted = given === undefined ? null : [given].flat().map(String);
        const chosen = fields.filter((each) => (wanted ? wanted.includes(each.value) : each.checked));
        return chosen.map((each) => each.closest("label")?.textContent.trim()).join("、");
      }
      if (fields[0].tagName === "SELECT") {
        const value = given === undefined ? fields[0].value : String(given ?? "");
        return [...fields[0].options].find((option) => option.value === value)?.textContent.trim() || "";
      }
      const values = given === undefined ? fields.map((each) => each.value) : [given].flat();
      return values.filter(Boolean).join("、");
    }

    /* Put values back into the form, of this phone's keeping or of a colleague. */
    fill(pairs) {
      const values = new Map();
      for (const [name, value] of pairs) values.set(name, [...(values.get(name) || []), ...[value].flat()]);
      for (const [name, given] of values) {
        const fields = this.named(name);
        if (!fields.length) continue;
        if (["radio", "checkbox"].includes(fields[0].type)) {
          for (const each of fields) each.checked = given.map(String).includes(each.value);
        } else {
          while (fields.length < given.length && this.grow(name)) fields.splice(0, fields.length, ...this.named(name));
          fields.forEach((each, place) => {
            each.value = given[place] ?? "";
          });
        }
      }
      this.mark();
    }

    named(name) {
      return [...this.form.querySelectorAll(`[name="${name}"]`)];
    }
    /* One more row of people, where the form has rows with a field of this name. */
    grow(name) {
      const rows = [...this.form.querySelectorAll("[data-rows]")].find((each) =>
        each.querySelector("template").content.querySelector(`[name="${name}"]`),
      );
      rows?.append(rows.querySelector("template").content.cloneNode(true));
      return Boolean(rows);
    }
  }

  const entries = [...page.querySelectorAll("form[data-autosave]")].map((form) => new Entry(form));

  async function bringBack() {
    const kept = new Map((await store.ofVisit("entries", visit)).map((row) => [row.place, row]));
    for (const entry of entries) {
      const row = kept.get(entry.place);
      if (!row) continue;
      entry.fill(row.fields);
      entry.revision = row.revision;
      entry.base = row.base || entry.base;
      entry.isDirty = true;
      entry.save();
    }
    document.dispatchEvent(new CustomEvent("visit:progress"));
  }

  /* Defaults of a failed item: the last day of its kind, else by the severity, until the person sets another. */
  const dueDates = JSON.parse(document.getElementById("visit-due-dates")?.textContent || "{}");
  page.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-item]");
    if (!form || !["verdict", "decision", "severity"].includes(event.target.name)) return;
    const due = form.elements.due_on;
    const isConfirmed = form.querySelector("[name=decision]:checked")?.value === "confirmed";
    const proposed = form.dataset.due || dueDates[form.elements.severity?.value] || "";
    if (due && isConfirmed && (!due.value || due.value === due.dataset.proposed)) {
      due.value = proposed;
      due.dataset.proposed = proposed;
    }
  }, true);

  /* Rows of people: one more at a time. */
  page.addEventListener("click", (event) => {
    const add = event.target.closest("[data-add-row]");
    if (!add) return;
    const rows = document.getElementById(add.dataset.addRow);
    const row = rows.querySelector("template").content.cloneNode(true);
    rows.append(row);
    rows.lastElementChild.querySelector("input")?.focus();
  });

  window.addEventListener("online", () => entries.filter((entry) => entry.isDirty).forEach((entry) => entry.save()));

  /* For the button at the end: everything typed is on the server, or the first entry that is not. */
  window.sjVisitEntries = {
    async settle() {
      await Promise.all(entries.map((entry) => entry.save()));
      return entries.find((entry) => entry.isDirty || entry.form.dataset.saved === "failed")?.form || null;
    },
  };
  bringBack();
})();
