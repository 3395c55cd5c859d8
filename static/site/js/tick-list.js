// A list with tick boxes: one box ticks all of the page. Without this script each is ticked by hand.
(function () {
  "use strict";
  document.querySelectorAll("[data-tick-list]").forEach(function (list) {
    const all = list.querySelector("[data-tick-all]");
    const boxes = list.querySelectorAll("[data-tick]");
    if (!all || !boxes.length) return;
    list.querySelector("[data-tick-all-label]").hidden = false;
    list.querySelector("[data-tick-all-words]").hidden = true;
    function show() {
      const ticked = Array.from(boxes).filter((box) => box.checked).length;
      all.checked = ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
    }
    all.addEventListener("change", function () {
      boxes.forEach((box) => { box.checked = all.checked; });
    });
    boxes.forEach((box) => box.addEventListener("change", show));
    show();
  });
})();
