// The reply box: which of reply and note is written, sending each once, and canned replies by `/`.
(() => {
  const draft = { reply: nothing(), note: nothing() };
  const SLASH = /(^|\s)\/([\p{L}\p{N}-]*)$/u;
  let replies = [];
  let none = "";
  let shown = [];
  let chosen = 0;

  const area = (kind) => document.querySelector(`.reply .for-${kind} textarea`);
  const holder = () => document.querySelector(".reply");
  const kind = () => (holder()?.classList.contains("mode-note") ? "note" : "reply");

  function nothing() {
    return { text: null, file: null, key: null };
  }

  function newKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function isSendKey(event) {
    return event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing;
  }

  function write(box, text) {
    box.value = text;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  Object.assign(window.grace, {
    mode(wanted, focus = true) {
      const place = holder();
      if (!place || (wanted === "reply" && place.classList.contains("note-only"))) return;
      place.classList.toggle("mode-note", wanted === "note");
      place.classList.toggle("mode-reply", wanted !== "note");
      place.querySelectorAll("[data-command=reply], [data-command=note]").forEach((tab) => {
        tab.setAttribute("aria-pressed", String(tab.dataset.command === wanted));
      });
      if (focus) area(wanted)?.focus();
    },

    // The same words keep their key until the server has taken them, so a repeated press is one message.
    send(event, emit) {
      if (event.type === "keydown" && !isSendKey(event)) return;
      event.preventDefault();
      const wanted = kind();
      const text = area(wanted).value.trim();
      const file = wanted === "reply" ? window.grace.attach.file() : null;
      if (!text && !file) return;
      const same = draft[wanted].text === text && draft[wanted].file === file;
      if (!same) draft[wanted] = { text, file, key: newKey() };
      if (file) window.grace.attach.send(draft[wanted]);
      else emit({ text, key: draft[wanted].key, kind: wanted });
    },

    // Empties the box, unless other words were typed meanwhile. Whoever has left it by then stays away.
    sent(key, wanted) {
      const box = area(wanted);
      if (draft[wanted].key !== key) return;
      if (box && box.value.trim() === draft[wanted].text) {
        write(box, "");
        if (holder().contains(document.activeElement)) box.focus();
      }
      draft[wanted] = nothing();
    },

    text: (wanted) => area(wanted)?.value ?? "",
    clear: (wanted) => area(wanted) && write(area(wanted), ""),

    // Puts words into the reply box, to be edited; what stands there stays.
    propose(text) {
      const box = area("reply");
      if (!box) return;
      window.grace.mode("reply");
      write(box, box.value.trim() ? `${box.value.trimEnd()}\n${text}` : text);
      box.setSelectionRange(box.value.length, box.value.length);
    },

    canned: {
      open() {
        window.grace.mode("reply");
        const box = area("reply");
        if (!box || kind() !== "reply") return;
        if (!SLASH.test(box.value.slice(0, box.selectionStart))) {
          const before = box.value.slice(0, box.selectionStart);
          const gap = !before || /\s$/.test(before) ? "" : " ";
          const after = box.value.slice(box.selectionEnd);
          write(box, `${before}${gap}/${after}`);
          box.setSelectionRange(before.length + gap.length + 1, before.length + gap.length + 1);
        }
        look(box);
      },
      set(given, words) {
        replies = given;
        none = words;
        const box = area("reply");
        if (box && document.activeElement === box) paint(box);
      },
    },
  });

  function list() {
    return document.getElementById("canned-list");
  }

  function close(box) {
    list()?.remove();
    box.removeAttribute("aria-activedescendant");
    box.removeAttribute("aria-controls");
  }

  // What stands after the slash before the cursor; null when nothing is being looked for.
  function sought(box) {
    if (!box.closest(".for-reply") || box.selectionStart !== box.selectionEnd) return null;
    return SLASH.exec(box.value.slice(0, box.selectionStart))?.[2] ?? null;
  }

  function look(box) {
    if (sought(box) === null) return close(box);
    if (!list()) holder().dispatchEvent(new CustomEvent("canned", { detail: {} }));
    paint(box);
  }

  function paint(box) {
    const found = sought(box);
    if (found === null) return close(box);
    const part = found.toLowerCase();
    const first = (one) => (one.id.startsWith(part) ? 0 : 1);
    shown = replies
      .filter((one) => one.id.includes(part) || one.title.toLowerCase().includes(part))
      .sort((one, other) => first(one) - first(other));
    chosen = Math.min(chosen, Math.max(shown.length - 1, 0));
    const menu = list() ?? Object.assign(document.createElement("ul"), { id: "canned-list" });
    menu.setAttribute("role", "listbox");
    menu.replaceChildren(
      ...shown.map((one, place) => {
        const row = document.createElement("li");
        row.id = `canned-${one.id}`;
        row.setAttribute("role", "option");
        row.setAttribute("aria-selected", String(place === chosen));
        const parts = [["strong", `/${one.id}`], ["span", one.title], ["small", one.text], ["em", one.lacks]];
        for (const [tag, words] of parts) {
          if (!words) continue;
          const part = document.createElement(tag);
          part.textContent = words;
          row.append(part);
        }
        row.addEventListener("mousedown", (event) => {
          event.preventDefault();
          pick(box, one);
        });
        return row;
      })
    );
    if (!shown.length && replies.length) {
      const row = document.createElement("li");
      row.textContent = none;
      menu.append(row);
    }
    if (!menu.isConnected) holder().append(menu);
    box.setAttribute("aria-controls", "canned-list");
    if (shown.length) box.setAttribute("aria-activedescendant", `canned-${shown[chosen].id}`);
    menu.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }

  function pick(box, one) {
    const before = box.value.slice(0, box.selectionStart).replace(SLASH, "$1");
    const after = box.value.slice(box.selectionStart);
    close(box);
    write(box, `${before}${one.text}${after}`);
    const place = before.length + one.text.length;
    box.setSelectionRange(place, place);
    box.focus();
  }

  document.addEventListener("input", (event) => {
    if (!event.target.matches?.(".reply .for-reply textarea")) return;
    chosen = 0;
    look(event.target);
  });

  document.addEventListener("focusout", (event) => {
    if (event.target.matches?.(".reply .for-reply textarea")) setTimeout(() => close(event.target), 100);
  });

  // Before all others: while the list is open its keys are its own.
  document.addEventListener(
    "keydown",
    (event) => {
      const box = event.target;
      if (!list() || !box.matches?.(".reply .for-reply textarea") || event.isComposing) return;
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (by && shown.length) chosen = (chosen + by + shown.length) % shown.length;
      else if ((event.key === "Enter" || event.key === "Tab") && shown.length && !event.ctrlKey) {
        event.preventDefault();
        event.stopImmediatePropagation();
        return pick(box, shown[chosen]);
      } else if (event.key === "Escape") close(box);
      else return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (list()) paint(box);
    },
    true
  );
})();
