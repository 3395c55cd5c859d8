/* The frame of the phone form: how far it has come, and the button at the end. */
(() => {
  "use strict";

  const page = document.querySelector("[data-visit]");
  if (!page) return;

  /* Items answered; where a photo must be there, what is missing is said at the item. */
  function progress() {
    const items = [...page.querySelectorAll("form[data-item]")];
    const answered = items.filter((item) => item.dataset.verdict).length;
    for (const note of document.querySelectorAll("[data-progress]")) note.textContent = `已答 ${answered}/${items.length}`;
    const bar = document.querySelector("[data-progress-bar]");
    if (bar) bar.value = answered;
    for (const group of page.querySelectorAll("[data-group]")) {
      const own = [...group.querySelectorAll("form[data-item]")];
      const count = own.filter((item) => item.dataset.verdict).length;
      group.querySelector("[data-group-count]").textContent = `${count}/${own.length}`;
    }
    for (const item of items) {
      const note = item.querySelector("[data-photo-missing]");
      if (!note) continue;
      const needs = item.dataset.verdict === "failed" || (item.dataset.photoRule === "always" && item.dataset.verdict === "ok");
      note.hidden = !needs || item.dataset.photoRule === "optional" || Boolean(item.querySelector("[data-photos] li"));
    }
  }
  document.addEventListener("visit:progress", progress);
  progress();

  /* To the first item without an answer. */
  document.querySelector("[data-next-open]")?.addEventListener("click", (event) => {
    const next = [...page.querySelectorAll("form[data-item]")].find((item) => !item.dataset.verdict);
    if (!next) return;
    event.preventDefault();
    next.scrollIntoView({ block: "center" });
    next.querySelector("input[type=radio]")?.focus({ preventScroll: true });
  });

  /* Handing in waits for what is still on this phone. */
  const handIn = document.querySelector("form[data-hand-in]");
  handIn?.addEventListener("submit", async (event) => {
    if (handIn.dataset.settled) return;
    event.preventDefault();
    const submitter = event.submitter;
    const told = handIn.querySelector("[data-hand-in-state]");
    told.textContent = "正在保存所填内容";
    const open = await window.sjVisitEntries.settle();
    if (open) {
      told.textContent = "有内容没有保存，请先处理后再提交。";
      open.scrollIntoView({ block: "center" });
      return;
    }
    const photos = window.sjVisitPhotos.count();
    if (photos) {
      told.textContent = `还有 ${photos} 张照片未上传，传完再提交；传不上的请删除。`;
      return;
    }
    const details = page.querySelector("form[data-details]");
    if (details) handIn.elements.revision.value = details.elements.revision.value;
    handIn.dataset.settled = "yes";
    // Not while the first submit is still being told about: the browser would ignore the second.
    setTimeout(() => handIn.requestSubmit(submitter));
  });
})();
