/* A photo is made smaller on the phone before it is sent: longest side 2048, at most some 380 KB. */
(() => {
  "use strict";

  const MOST_BYTES = 380 * 1000;
  const SIDES = [2048, 1600, 1280, 1024];

  async function attempt(file, side) {
    return window.imageCompression(file, {
      maxSizeMB: MOST_BYTES / 1024 / 1024,
      maxWidthOrHeight: side,
      initialQuality: 0.82,
      maxIteration: 6,
      fileType: "image/jpeg",
      useWebWorker: false, // its worker would load code from another site, which the content policy forbids
    });
  }

  /* Resolves to a JPEG blob; rejects when the browser cannot read the file as a picture. */
  async function shrink(file) {
    let smallest = null;
    for (const side of SIDES) {
      const made = await attempt(file, side);
      if (!smallest || made.size < smallest.size) smallest = made;
      if (smallest.size <= MOST_BYTES) break;
    }
    return smallest;
  }

  window.sjShrink = shrink;

  /* A plain form with photos (the site from the street) sends the smaller ones in their place. */
  document.querySelectorAll("form[data-shrink]").forEach((form) => {
    let isReady = false;
    form.addEventListener("submit", async (event) => {
      const inputs = [...form.querySelectorAll("input[type=file]")].filter((input) => input.files.length);
      if (isReady || !inputs.length) return;
      event.preventDefault();
      const submitter = event.submitter;
      const told = form.querySelector("[data-shrink-state]");
      for (const input of inputs) {
        const smaller = new DataTransfer();
        let before = 0;
        let after = 0;
        for (const file of input.files) {
          if (told) told.textContent = `正在压缩照片 ${smaller.files.length + 1}/${input.files.length}`;
          let made = file;
          try {
            const blob = await shrink(file);
            const name = file.name.replace(/\.\w+$/, "") || "照片";
            made = new File([blob], `${name}.jpg`, { type: "image/jpeg", lastModified: file.lastModified });
          } catch {
            /* Not a picture this browser reads: the server says what is wrong with it. */
          }
          before += file.size;
          after += made.size;
          smaller.items.add(made);
        }
        input.files = smaller.files;
        const { size } = window.sjVisitStore;
        if (told) told.textContent = `${smaller.files.length} 张照片，${size(before)} → ${size(after)}，正在上传`;
      }
      isReady = true;
      setTimeout(() => form.requestSubmit(submitter));
    });
  });
})();
