/* An institution that was found becomes a line of the field that names them. */
(() => {
  "use strict";

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add-unit]");
    if (!button) return;
    const field = document.querySelector("[name=units]");
    const lines = field.value.split("\n").map((line) => line.trim()).filter(Boolean);
    if (!lines.includes(button.dataset.addUnit)) lines.push(button.dataset.addUnit);
    field.value = lines.join("\n");
    field.rows = Math.max(4, Math.min(12, lines.length + 1));
    field.dispatchEvent(new Event("input", { bubbles: true }));
    button.textContent = "已加入";
    button.disabled = true;
  });
})();
