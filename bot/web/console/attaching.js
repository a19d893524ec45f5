// A file beside the reply: chosen, pasted or dropped, shown until it is sent, and sent once with the words.
(() => {
  let chosen = null;
  let busy = false;

  const holder = () => document.querySelector(".reply");
  const place = () => document.querySelector(".reply .attached");
  const tell = (name, detail) => holder()?.dispatchEvent(new CustomEvent(name, { detail }));
  const size = (bytes) =>
    bytes >= 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024))} KB`;

  function paint() {
    const box = place();
    if (!box) return;
    box.replaceChildren();
    box.toggleAttribute("aria-busy", busy);
    if (!chosen) return;
    const name = Object.assign(document.createElement("span"), { textContent: `${chosen.name} · ${size(chosen.size)}` });
    const away = Object.assign(document.createElement("button"), { type: "button", textContent: "×", disabled: busy });
    away.setAttribute("aria-label", `${box.dataset.remove}: ${chosen.name}`);
    away.addEventListener("click", () => take(null));
    box.append(name, away);
  }

  function take(file) {
    if (busy || !place()) return;
    chosen = file;
    paint();
    if (file) window.grace.mode("reply");
    tell("refused", { text: "" });
  }

  window.grace.attach = {
    file: () => chosen,

    choose() {
      const field = Object.assign(document.createElement("input"), { type: "file" });
      field.accept = "image/jpeg,image/png,image/webp,application/pdf";
      field.addEventListener("change", () => field.files[0] && take(field.files[0]));
      field.click();
    },

    // The key stays with the words and the file until the server has both: a repeated press is one message.
    async send({ text, key, file }) {
      if (busy) return;
      busy = true;
      paint();
      const body = new FormData();
      body.append("text", text);
      body.append("key", key);
      body.append("file", file, file.name);
      let said = place()?.dataset.failed ?? "";
      let done = false;
      try {
        const answer = await fetch(`${window.location.pathname}/file`, { method: "POST", body });
        done = answer.ok;
        if (!done) said = (await answer.json()).text || said;
      } catch {
        // The words for it are there already.
      }
      busy = false;
      if (done) {
        chosen = null;
        window.grace.sent(key, "reply");
        tell("attached", {});
      } else tell("refused", { text: said });
      paint();
    },
  };

  document.addEventListener("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (!file || !event.target.matches?.(".reply .for-reply textarea")) return;
    event.preventDefault();
    take(file);
  });

  // A file that misses the box must not carry the whole page away.
  for (const kind of ["dragover", "drop"])
    document.addEventListener(kind, (event) => {
      if (!event.dataTransfer?.types.includes("Files") || !place()) return;
      event.preventDefault();
      if (kind === "drop" && event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
    });
})();
