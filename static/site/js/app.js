/* Behaviour of the frame. Every link and form works without this file; it only keeps people where they are.
   No framework, no eval, no inline handlers: the content security policy allows none of them. */
(() => {
  "use strict";

  const shell = document.documentElement;

  /* Menus and the phone's navigation ------------------------------------------------------------------------- */

  function closeMenus(except) {
    document.querySelectorAll("details.sj-menu[open]").forEach((menu) => {
      if (menu !== except) menu.open = false;
    });
  }

  function setNavigation(open) {
    shell.classList.toggle("sj-nav-open", open);
    const button = document.querySelector(".sj-menu-button");
    if (button) button.setAttribute("aria-expanded", String(open));
    if (open) document.querySelector(".sj-nav__link")?.focus();
  }

  /* Drawer: a detail page opens beside its list, under its own URL -------------------------------------------- */

  const SKELETON = '<div class="sj-skeleton" role="status" aria-label="正在打开">' + "<span></span>".repeat(7) + "</div>";
  let opener = null;
  let pending = null;

  const drawer = () => document.getElementById("drawer");
  const drawerBody = () => document.getElementById("drawer-body");
  const drawerIsOpen = () => Boolean(drawer()) && !drawer().hidden;

  function showDrawer() {
    drawer().hidden = false;
    shell.classList.add("sj-drawer-open");
    window.dispatchEvent(new Event("resize"));
  }

  function hideDrawer() {
    if (!drawerIsOpen()) return;
    pending?.abort();
    drawer().hidden = true;
    shell.classList.remove("sj-drawer-open");
    document.querySelectorAll('[data-drawer][aria-current], .sj-row[aria-current]').forEach((node) => node.removeAttribute("aria-current"));
    window.dispatchEvent(new Event("resize"));
    opener?.focus();
    opener = null;
  }

  function markRow(link) {
    document.querySelectorAll(".sj-row[aria-current]").forEach((row) => row.removeAttribute("aria-current"));
    link?.closest(".sj-row")?.setAttribute("aria-current", "true");
  }

  function fillDrawer(html, url) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const content = page.querySelector("[data-drawer-content]") || page.body;
    const body = drawerBody();
    body.replaceChildren(...Array.from(content.childNodes, (node) => document.importNode(node, true)));
    drawer().querySelector("[data-drawer-full]").href = url;
    drawer().scrollTop = 0;
    if (window.htmx) window.htmx.process(body);
    document.dispatchEvent(new CustomEvent("sj:content", { detail: { root: body } }));
    drawer().querySelector("[data-drawer-close]").focus();
  }

  async function loadDrawer(url) {
    pending?.abort();
    const request = (pending = new AbortController());
    showDrawer();
    drawerBody().innerHTML = SKELETON;
    try {
      const answer = await fetch(url, {
        headers: { "HX-Request": "true", "HX-Target": "drawer-body", "HX-Current-URL": location.href },
        signal: request.signal,
      });
      // A login page or an error page is no detail: it gets the whole window.
      if (!answer.ok || answer.redirected) return window.location.assign(url);
      fillDrawer(await answer.text(), url);
    } catch (error) {
      if (error.name !== "AbortError") window.location.assign(url);
    }
  }

  function openFromLink(link) {
    opener = link;
    markRow(link);
    const state = { sjDrawer: true };
    if (history.state?.sjDrawer) history.replaceState(state, "", link.href);
    else history.pushState(state, "", link.href);
    loadDrawer(link.href);
  }

  function leaveDrawer() {
    const list = drawer().querySelector("[data-drawer-close]").getAttribute("href");
    if (history.state?.sjDrawer) history.back();
    else if (list !== "#") window.location.assign(list);
    else hideDrawer();
  }

  window.addEventListener("popstate", (event) => {
    if (event.state?.sjDrawer) loadDrawer(location.href);
    else hideDrawer();
  });

  /* After a reload the URL is the detail's own and the server sent the whole detail page: Back must not stop at a drawer. */
  if (history.state?.sjDrawer) history.replaceState(null, "", location.href);

  /* One listener each for clicks, keys and changes ------------------------------------------------------------ */

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    closeMenus(target.closest("details.sj-menu"));

    if (target.closest(".sj-menu-button")) {
      event.preventDefault();
      return setNavigation(!shell.classList.contains("sj-nav-open"));
    }
    if (target.closest(".sj-veil")) {
      event.preventDefault();
      return setNavigation(false);
    }
    if (target.closest("[data-drawer-close]")) {
      event.preventDefault();
      return leaveDrawer();
    }
    if (target.closest("[data-print]")) return window.print();

    const link = target.closest("a[data-drawer]");
    const plainClick = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (link && drawer() && plainClick) {
      event.preventDefault();
      openFromLink(link);
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.sj-menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (shell.classList.contains("sj-nav-open")) {
      setNavigation(false);
      document.querySelector(".sj-menu-button")?.focus();
    } else if (drawerIsOpen()) {
      leaveDrawer();
    }
  });

  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field instanceof HTMLElement && field.matches("[data-submit-on-change]")) field.closest("form")?.requestSubmit();
  });

  /* A form is sent once: the second click of an impatient person finds the button busy. */
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.defaultPrevented || !button || event.target.method === "get") return;
    setTimeout(() => button.setAttribute("aria-busy", "true"), 0);
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll('button[aria-busy="true"]').forEach((button) => button.removeAttribute("aria-busy"));
  });

  /* Leaving a form with unsaved entries asks first; sending it does not. */
  let unsaved = false;
  document.addEventListener("input", (event) => {
    if (event.target.closest?.("form[data-guard]")) unsaved = true;
  });
  document.addEventListener("submit", () => { unsaved = false; });
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

  /* htmx: progress line, new content, and answers that are no content ------------------------------------------ */

  document.addEventListener("htmx:beforeRequest", () => shell.classList.add("sj-busy"));
  document.addEventListener("htmx:afterRequest", () => shell.classList.remove("sj-busy"));
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id === "drawer-body" && drawer()) showDrawer();
    document.dispatchEvent(new CustomEvent("sj:content", { detail: { root: event.detail.target || document } }));
  });

  /* A page that opens on an error summary puts the reader there. */
  document.querySelector(".sj-errors")?.focus();
})();
