/* Photos of a visit: made smaller on this phone, kept in it until the server has them, sent in pieces that go on where the
   line broke. Each has a key of its own, so that one sent twice is one photo. */
(() => {
  "use strict";

  const page = document.querySelector("[data-visit]");
  if (!page) return;
  const store = window.sjVisitStore;
  const visit = page.dataset.visit;
  const base = page.dataset.photosUrl; // …/photos/
  const token = () => page.querySelector("[name=csrfmiddlewaretoken]").value;
  const PIECE = 128 * 1024;
  const LONGEST_WAIT = 60000;
  const rows = new Map(); // key → {row, node, preview}

  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const make = (tag, className, text) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text) node.textContent = text;
    return node;
  };

  /* What one sees of a photo that is not on the server yet ---------------------------------------------------------- */

  function show(row) {
    const node = make("li", "vf-photo vf-photo--waiting");
    node.dataset.key = row.key;
    const picture = make("img");
    picture.alt = "";
    picture.width = 96;
    picture.height = 72;
    picture.src = URL.createObjectURL(row.blob || row.raw);
    const words = make("span", "vf-photo__words");
    const acts = make("span", "vf-photo__acts");
    const again = make("button", "btn btn-sm sj-button", "重试");
    again.type = "button";
    again.addEventListener("click", () => retry(row.key));
    const away = make("button", "btn btn-sm sj-button sj-button--danger", "删除");
    away.type = "button";
    away.addEventListener("click", () => discard(row.key));
    acts.append(again, away);
    node.append(picture, words, acts);
    const list = page.querySelector(`[data-photos="${CSS.escape(row.item)}"] [data-queue]`);
    (list || page.querySelector('[data-photos=""] [data-queue]')).append(node);
    rows.set(row.key, { row, node, wakeAt: 0, tries: 0 });
    tell(row.key, row.blob ? "等待上传" : "等待压缩", false);
  }

  function tell(key, words, isFailed) {
    const { row, node } = rows.get(key);
    const size = row.blob ? `${store.size(row.before)} → ${store.size(row.blob.size)}` : store.size(row.before);
    node.querySelector(".vf-photo__words").textContent = `${size}，${words}`;
    node.classList.toggle("vf-photo--failed", isFailed);
    node.querySelector(".vf-photo__acts").hidden = !isFailed;
    counted();
  }

  function counted() {
    const count = rows.size;
    for (const note of document.querySelectorAll("[data-unsent]")) {
      note.hidden = count === 0;
      note.textContent = `还有 ${count} 张照片未上传`;
    }
    document.dispatchEvent(new CustomEvent("visit:progress"));
  }

  function done(key, said) {
    const { row, node } = rows.get(key);
    rows.delete(key);
    node.classList.remove("vf-photo--waiting", "vf-photo--failed");
    const link = make("a");
    link.href = said.url;
    link.target = "_blank";
    link.rel = "noopener";
    link.append(node.querySelector("img"));
    const away = make("button", "btn btn-sm sj-button", "删除");
    away.type = "button";
    away.dataset.removePhoto = key;
    const words = make("span", "vf-photo__words", `${store.size(row.before)} → ${store.size(row.blob.size)}，已上传`);
    node.replaceChildren(link, words, away);
    page.querySelector(`[data-photos="${CSS.escape(row.item)}"] [data-kept]`)?.append(node);
    counted();
  }

  /* Taking photos ------------------------------------------------------------------------------------------------- */

  async function taken(input) {
    const item = input.closest("[data-photos]").dataset.photos;
    const files = [...input.files];
    input.value = "";
    for (const file of files) {
      const row = {
        key: store.newKey(),
        visit,
        item,
        name: file.name || "照片.jpg",
        takenAt: new Date(file.lastModified || Date.now()).toISOString(),
        before: file.size,
        raw: file,
        blob: null,
        received: 0,
      };
      const isKept = await store.put("photos", row).catch(() => false);
      show(row);
      if (!isKept) tell(row.key, "本机存不下，上传完以前请不要关闭本页", false);
    }
    shrinkAll();
  }

  let isShrinking = false;
  async function shrinkAll() {
    if (isShrinking) return;
    isShrinking = true;
    for (let next = first((row) => !row.blob && !row.isRefused); next; next = first((row) => !row.blob && !row.isRefused)) {
      tell(next.key, "正在压缩", false);
      try {
        next.blob = await window.sjShrink(next.raw);
        delete next.raw;
        await store.put("photos", next).catch(() => {});
        if (rows.has(next.key)) tell(next.key, "等待上传", false);
        sendAll();
      } catch {
        next.isRefused = true;
        const why = next.before
          ? "打不开这张照片（可能是 HEIC）。请在相机设置里选“兼容性最佳”后重拍"
          : "文件是空的（0 字节），请等拍摄完成后重新选择";
        if (rows.has(next.key)) tell(next.key, why, true);
      }
    }
    isShrinking = false;
  }

  function first(wanted) {
    for (const { row } of rows.values()) if (wanted(row)) return row;
    return null;
  }

  /* Sending ------------------------------------------------------------------------------------------------------- */

  let isSending = false;
  async function sendAll() {
    if (isSending) return;
    isSending = true;
    try {
      for (let next = due(); next; next = due()) await (window.navigator.locks ? locked(next) : send(next));
    } finally {
      isSending = false;
    }
    const later = [...rows.values()].filter(({ row }) => row.blob && !row.isRefused).map(({ wakeAt }) => wakeAt);
    if (later.length) wait(Math.max(500, Math.min(...later) - Date.now())).then(sendAll);
  }

  /* Two pages of one visit in one browser do not send the same photo side by side. */
  const locked = (row) => window.navigator.locks.request(`visit-photo-${row.key}`, () => send(row));

  function due() {
    const now = Date.now();
    for (const { row, wakeAt } of rows.values()) if (row.blob && !row.isRefused && wakeAt <= now) return row;
    return null;
  }

  async function send(row) {
    const about = new URLSearchParams({ item: row.item, taken_at: row.takenAt, name: row.name });
    const url = `${base}${row.key}/?${about}`;
    while (rows.has(row.key)) {
      const total = row.blob.size;
      tell(row.key, `正在上传 ${Math.floor((row.received / total) * 100)}%`, false);
      let answer;
      try {
        answer = await fetch(url, {
          method: "PUT",
          body: row.blob.slice(row.received, row.received + PIECE),
          headers: {
            "X-CSRFToken": token(),
            "Content-Type": "application/octet-stream",
            "Upload-Offset": String(row.received),
            "Upload-Length": String(total),
            Accept: "application/json",
          },
          signal: AbortSignal.timeout ? AbortSignal.timeout(90000) : undefined,
        });
      } catch {
        return postponed(row, "网络不通，恢复后自动再传");
      }
      if (store.isLoggedOut(answer)) return postponed(row, "登录已过期，重新登录后打开本页会接着传");
      const said = await answer.json().catch(() => ({}));
      if (answer.ok && said.complete) return finished(row, said);
      const isMoved = answer.ok || (answer.status === 409 && Number.isInteger(said.received));
      if (isMoved && said.received !== row.received) {
        row.received = said.received;
        rows.get(row.key).tries = 0;
        await store.put("photos", row).catch(() => {});
        continue;
      }
      if (answer.status >= 500 || answer.status === 429 || answer.ok) return postponed(row, "服务器忙，稍后自动再传");
      return refused(row, said);
    }
  }

  async function finished(row, said) {
    await store.remove("photos", row.key);
    if (rows.has(row.key)) done(row.key, said);
  }

  function postponed(row, words) {
    const entry = rows.get(row.key);
    if (!entry) return;
    entry.tries += 1;
    entry.wakeAt = Date.now() + Math.min(LONGEST_WAIT, 1000 * 2 ** entry.tries);
    tell(row.key, words, true);
  }

  function refused(row, said) {
    row.isRefused = true;
    const words = (said.problems || []).map((problem) => problem.message).join(" ") || said.message || "服务器没有接受";
    tell(row.key, words, true);
  }

  function retry(key) {
    const entry = rows.get(key);
    entry.wakeAt = 0;
    entry.row.isRefused = false;
    tell(key, "等待上传", false);
    shrinkAll();
    sendAll();
  }

  async function discard(key) {
    if (!window.confirm("删除这张还没有上传的照片？")) return;
    rows.get(key).node.remove();
    rows.delete(key);
    await store.remove("photos", key);
    counted();
    // What arrived of it already goes as well; where nothing did there is nothing to take back.
    fetch(`${base}${key}/`, { method: "DELETE", headers: { "X-CSRFToken": token() } }).catch(() => {});
  }

  async function removeKept(button) {
    if (!window.confirm("删除这张照片？")) return;
    const key = button.dataset.removePhoto;
    const answer = await fetch(`${base}${key}/`, { method: "DELETE", headers: { "X-CSRFToken": token() } }).catch(() => null);
    if (answer?.ok) button.closest("li").remove();
    else window.alert("没有删除：网络不通或检查已提交。");
    counted();
  }

  page.addEventListener("change", (event) => {
    if (event.target.matches("[data-photos] input[type=file]")) {
      event.stopPropagation();
      taken(event.target);
    }
  }, true);
  page.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove-photo]");
    if (button) removeKept(button);
  });
  window.addEventListener("online", () => {
    for (const entry of rows.values()) entry.wakeAt = 0;
    sendAll();
  });

  window.sjVisitPhotos = { count: () => rows.size };

  store.ofVisit("photos", visit).then((kept) => {
    kept.forEach(show);
    counted();
    shrinkAll();
    sendAll();
  });
})();
