/* Where the inspector stands when a visit starts. Asked for once, never waited for: without a position the visit starts
   with a short reason. form[data-place] holds hidden latitude, longitude, accuracy, device_started_at and [data-place-state]. */
(() => {
  "use strict";

  const WAIT = 8000;
  const WORDS = { 1: "没有允许定位", 2: "定位不到（室内或信号弱）", 3: "定位超时" };

  function tell(form, words, isMissing) {
    const state = form.querySelector("[data-place-state]");
    if (state) state.textContent = words;
    const reason = form.querySelector("[data-place-reason]");
    if (reason) reason.hidden = !isMissing;
  }

  function missing(form, words) {
    const note = form.querySelector("[name=place_note]");
    if (note && !note.value) note.value = words;
    tell(form, `${words}，不影响检查。可在下面改写原因。`, true);
  }

  function ask(form) {
    if (!window.isSecureContext || !navigator.geolocation) return missing(form, "本机不能定位");
    tell(form, "正在定位…", false);
    const set = (name, value) => {
      form.elements[name].value = value;
    };
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        set("latitude", coords.latitude.toFixed(6));
        set("longitude", coords.longitude.toFixed(6));
        set("accuracy_m", Math.round(coords.accuracy));
        tell(form, `已定位，精度约 ${Math.round(coords.accuracy)} 米`, false);
      },
      (error) => missing(form, WORDS[error.code] || "定位失败"),
      { enableHighAccuracy: true, timeout: WAIT, maximumAge: 30000 },
    );
  }

  document.querySelectorAll("form[data-place]").forEach((form) => {
    ask(form);
    form.addEventListener("submit", () => {
      const device = form.elements.device_started_at;
      if (device) device.value = new Date().toISOString();
    });
  });
})();
