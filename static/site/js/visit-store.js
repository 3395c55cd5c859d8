/* What is on this phone and not yet on the server: photos and entries of visits, in IndexedDB, so that a closed browser,
   an empty battery or a lost line loses nothing. Other scripts of the visit pages use it as window.sjVisitStore. */
(() => {
  "use strict";

  const NAME = "sj-visits";
  let opened = null;

  /* Null where the browser forbids storage (private windows of some phones): the page then works without keeping. */
  function database() {
    opened ??= window.idb
      .openDB(NAME, 1, {
        upgrade(db) {
          db.createObjectStore("photos", { keyPath: "key" }).createIndex("visit", "visit");
          db.createObjectStore("entries", { keyPath: "place" }).createIndex("visit", "visit");
        },
      })
      .catch(() => null);
    return opened;
  }

  async function put(store, row) {
    const db = await database();
    if (db) await db.put(store, row);
    return Boolean(db);
  }
  async function remove(store, key) {
    const db = await database();
    if (db) await db.delete(store, key);
  }
  async function ofVisit(store, visit) {
    const db = await database();
    return db ? db.getAllFromIndex(store, "visit", visit) : [];
  }
  async function all(store) {
    const db = await database();
    return db ? db.getAll(store) : [];
  }

  /* crypto.randomUUID is only there over https; a portal in an office network may have none. */
  function newKey() {
    if (window.crypto.randomUUID) return window.crypto.randomUUID();
    const bytes = window.crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  const size = (bytes) => (bytes >= 1000000 ? `${(bytes / 1000000).toFixed(1)} MB` : `${Math.ceil(bytes / 1000)} KB`);
  const hour = (date) => date.toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });

  /* The answer of a server that wants a login again is its login page. */
  const isLoggedOut = (answer) => answer.redirected && new URL(answer.url).pathname.startsWith("/login");

  window.sjVisitStore = { put, remove, ofVisit, all, newKey, size, hour, isLoggedOut };

  /* Pages beside the form say which visits still have something on this phone: <a data-unsent-of="key" hidden>. */
  async function tellUnsent() {
    const notes = document.querySelectorAll("[data-unsent-of]");
    if (!notes.length) return;
    const rows = await all("photos");
    for (const note of notes) {
      const count = rows.filter((row) => row.visit === note.dataset.unsentOf).length;
      note.hidden = count === 0;
      note.textContent = `本机还有 ${count} 张照片未上传`;
    }
  }
  tellUnsent();
})();
