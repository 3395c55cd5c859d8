/* 表格填报: sorts the problems of an upload and narrows them to one worksheet; keeps a form from being sent twice. */
(() => {
  "use strict";

  const box = document.querySelector("[data-problems]");
  if (box) {
    document.documentElement.classList.add("wb-has-script");
    const body = box.querySelector("tbody");
    const chips = [...box.querySelectorAll("[data-sheet].sj-chip")];

    chips.forEach((chip) => chip.addEventListener("click", () => {
      chips.forEach((each) => each.setAttribute("aria-pressed", String(each === chip)));
      [...body.rows].forEach((row) => {
        row.hidden = chip.dataset.sheet !== "" && row.dataset.sheet !== chip.dataset.sheet;
      });
    }));

    box.querySelectorAll("[data-sort]").forEach((button) => button.addEventListener("click", () => {
      const head = button.closest("th");
      const falls = head.getAttribute("aria-sort") === "ascending";
      box.querySelectorAll("thead th[aria-sort]").forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", falls ? "descending" : "ascending");
      const by = button.dataset.sort;
      const value = (row) => Number(row.dataset[by]);
      const rows = [...body.rows].sort((one, other) =>
        value(one) - value(other) || Number(one.dataset.order) - Number(other.dataset.order));
      body.replaceChildren(...(falls ? rows.reverse() : rows));
    }));
  }

  document.querySelectorAll("form[enctype], .wb-end").forEach((form) => form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  }));
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });
})();
