/* Photos of a rectification: seen as soon as they are chosen, with their size, and made smaller before they are sent. */
(() => {
  "use strict";

  const form = document.querySelector("form[data-shrink]");
  if (!form) return;
  const MOST_BYTES = 380 * 1000;
  const LONGEST_SIDE = 2048;
  const inputs = [...form.querySelectorAll("input[type=file]")];
  const list = form.querySelector("[data-chosen]");
  const told = form.querySelector("[data-shrink-state]");
  const size = (bytes) => (bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`);
  let shots = new DataTransfer(); // a camera gives one picture at a time: those before stay
  let addresses = [];

  function show() {
    addresses.forEach((address) => URL.revokeObjectURL(address));
    addresses = [];
    list.replaceChildren();
    for (const file of inputs.flatMap((input) => [...input.files])) {
      const item = document.createElement("li");
      if (file.type.startsWith("image/")) {
        const picture = document.createElement("img");
        picture.alt = file.name;
        picture.src = URL.createObjectURL(file);
        addresses.push(picture.src);
        item.append(picture);
      }
      item.append(`${file.type.startsWith("image/") ? "" : `${file.name} `}${size(file.size)}`);
      list.append(item);
    }
  }

  inputs.forEach((input) =>
    input.addEventListener("change", () => {
      if (input.hasAttribute("capture")) {
        [...input.files].forEach((file) => shots.items.add(file));
        input.files = shots.files;
      }
      show();
    }),
  );

  async function smaller(file) {
    if (!file.type.startsWith("image/") || file.size <= MOST_BYTES) return file;
    try {
      const made = await window.imageCompression(file, {
        maxSizeMB: MOST_BYTES / 1024 / 1024,
        maxWidthOrHeight: LONGEST_SIDE,
        initialQuality: 0.82,
        maxIteration: 6,
        fileType: "image/jpeg",
        useWebWorker: false, // its worker would load code from another site, which the content policy forbids
      });
      return new File([made], `${file.name.replace(/\.\w+$/, "") || "照片"}.jpg`, { type: "image/jpeg" });
    } catch {
      return file; // not a picture that this browser reads: the server says what is wrong with it
    }
  }

  let isReady = false;
  form.addEventListener("submit", async (event) => {
    const chosen = inputs.filter((input) => input.files.length);
    if (isReady || !chosen.length) return;
    event.preventDefault();
    let done = 0;
    let before = 0;
    let after = 0;
    const all = chosen.reduce((sum, input) => sum + input.files.length, 0);
    for (const input of chosen) {
      const files = new DataTransfer();
      for (const file of [...input.files]) {
        done += 1;
        told.textContent = `正在压缩照片 ${done}/${all}`;
        const made = await smaller(file);
        before += file.size;
        after += made.size;
        files.items.add(made);
      }
      input.files = files.files;
    }
    told.textContent = `${all} 个文件，${size(before)} → ${size(after)}，正在上传`;
    isReady = true;
    // Not while the first submit is still being told about: the browser would ignore the second.
    setTimeout(() => form.requestSubmit(event.submitter));
  });
})();
