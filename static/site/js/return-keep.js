/* What is typed into a weekly return is kept in this tab until it is saved: a session that ended, a closed page or a
   crash loses nothing. Brought back by posting it for a look ahead, so that the server lays out rows that were added. */
(() => {
  "use strict";

  const form = document.querySelector("form[data-return-form]");
  if (!form) return;
  const place = `return:${location.pathname}`;
  const PRIVATE = new Set(["csrfmiddlewaretoken", "act"]);

  const typed = () => [...new FormData(form)].filter(([name]) => !PRIVATE.has(name));
  const revisionOf = (entries) => entries.find(([name]) => name === "revision")?.[1];

  function kept() {
    try {
      return JSON.parse(sessionStorage.getItem(place) ?? "null");
    } catch {
      return null;
    }
  }
  function keep() {
    try {
      sessionStorage.setItem(place, JSON.stringify(typed()));
    } catch {
      /* A full or forbidden storage: the form works as before. */
    }
  }
  const forget = () => sessionStorage.removeItem(place);

  function bringBack(entries) {
    const again = document.createElement("form");
    again.method = "post";
    again.action = form.action;
    again.hidden = true;
    const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    for (const [name, value] of [...entries, ["csrfmiddlewaretoken", token], ["act", "preview"]]) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = value;
      again.append(field);
    }
    document.body.append(again);
    again.submit();
  }

  function offer(entries) {
    const notice = document.createElement("div");
    notice.className = "sj-message sj-message--warning rf-notice";
    notice.setAttribute("role", "status");
    notice.dataset.kept = "";
    const words = document.createElement("span");
    words.textContent = "这一周有填了还没有保存的内容（登录过期或页面关闭前所填）。";
    const back = document.createElement("button");
    back.type = "button";
    back.className = "btn btn-sm sj-button";
    back.textContent = "恢复所填内容";
    back.addEventListener("click", () => bringBack(entries));
    const away = document.createElement("button");
    away.type = "button";
    away.className = "btn btn-sm sj-button";
    away.textContent = "不要了";
    away.addEventListener("click", () => { forget(); notice.remove(); });
    notice.append(words, back, away);
    form.before(notice);
  }

  const before = kept();
  const isAnswer = "unsaved" in form.dataset;
  if (before && !isAnswer) {
    const now = typed();
    /* A higher revision: what was kept has been saved meanwhile, or the conflict page has shown it. */
    if (revisionOf(before) !== revisionOf(now) || JSON.stringify(before) === JSON.stringify(now)) forget();
    else offer(before);
  }

  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(keep, 400);
  });
  form.addEventListener("submit", () => { clearTimeout(waiting); keep(); });
})();
