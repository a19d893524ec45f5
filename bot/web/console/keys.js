// Keys: commands by single characters, the command palette, and the list of both. A command does what pressing
// its button does, so a page offers exactly those whose button is there and may be pressed.
(() => {
  const WAIT = 1200;
  const TYPING = /^(?:text|search|email|url|tel|password|number|date|time|datetime-local|month|week)$/;
  let set = { commands: [], bare: true, words: {} };
  let first = "";
  let timer = 0;

  function isTyping(target) {
    if (!(target instanceof HTMLElement)) return false;
    if (target.isContentEditable || /^(?:TEXTAREA|SELECT)$/.test(target.tagName)) return true;
    if (target.tagName === "INPUT") return TYPING.test(target.type);
    return Boolean(target.closest('[role="textbox"],[role="combobox"],[role="listbox"],[role="menu"]'));
  }

  function isComposing(event) {
    return event.isComposing || event.keyCode === 229;
  }

  function isBusy() {
    return Boolean(document.querySelector("dialog[open], .q-dialog__inner, .q-menu"));
  }

  function target(id) {
    return [...document.querySelectorAll(`[data-command="${id}"]`)].find(
      (one) => one.getClientRects().length && !one.disabled && one.getAttribute("aria-disabled") !== "true"
    );
  }

  // What has no button of its own.
  const built = {
    help: () => help(),
    shortcuts: () => window.location.assign(set.words.link),
    next: () => step(1),
    previous: () => step(-1),
  };

  function rows() {
    return [...document.querySelectorAll("[data-row]")].filter((one) => one.getClientRects().length);
  }

  function step(by) {
    const places = rows();
    const here = places.findIndex((one) => one.contains(document.activeElement));
    const row = places[here < 0 ? (by > 0 ? 0 : places.length - 1) : here + by];
    const link = row?.querySelector("a, [tabindex]") ?? row;
    link?.focus();
    link?.scrollIntoView({ block: "nearest" });
  }

  function inRow(id) {
    const row = document.activeElement?.closest("[data-row]");
    return row && [...row.querySelectorAll(`[data-command="${id}"]`)].find((one) => one.getClientRects().length);
  }

  function may(id) {
    if (target(id)) return true;
    return id === "help" || id === "shortcuts" || ((id === "next" || id === "previous") && rows().length > 0);
  }

  function run(id) {
    const place = inRow(id) ?? target(id);
    if (!place) return built[id]?.();
    const field = place.matches("input, textarea") ? place : place.querySelector("input, textarea");
    if (field && place.dataset.act !== "press") {
      field.focus();
      return;
    }
    if (place.dataset.act === "focus") place.focus();
    else place.click();
  }

  function onKey(event) {
    if (isComposing(event)) return;
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      if (!document.querySelector("dialog[open], .q-dialog__inner")) palette();
      return;
    }
    if (event.key === "Escape" && isTyping(event.target) && !isBusy() && !event.defaultPrevented) {
      const place = target("thread");
      if (place) place.focus();
      else event.target.blur();
      return;
    }
    if (!set.bare || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target) || isBusy() || event.key.length !== 1 || event.key === " ") return;
    const stroke = event.key.toLowerCase();
    const typed = first ? `${first} ${stroke}` : stroke;
    clearTimeout(timer);
    first = "";
    const found = set.commands.find((one) => one.keys === typed);
    if (found) {
      if (event.repeat && found.id !== "next" && found.id !== "previous") return;
      if (!may(found.id)) return;
      event.preventDefault();
      run(found.id);
    } else if (set.commands.some((one) => one.keys.startsWith(`${typed} `))) {
      event.preventDefault();
      first = stroke;
      timer = setTimeout(() => (first = ""), WAIT);
    }
  }

  function make(tag, attributes, ...children) {
    const one = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
    one.append(...children);
    return one;
  }

  function strokes(keys) {
    return keys.split(" ").filter(Boolean).map((one) => make("kbd", {}, one));
  }

  function open(dialog) {
    const before = document.activeElement;
    document.body.append(dialog);
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (dialog.returnValue) run(dialog.returnValue);
      else before?.focus?.();
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close(""));
    dialog.showModal();
  }

  // Calls back when the page around a dialog changes: what stands on it decides what may be done.
  function whileOpen(dialog, changed) {
    const watch = new MutationObserver((changes) => {
      if (changes.some((one) => !dialog.contains(one.target))) changed();
    });
    watch.observe(document.body, { childList: true, subtree: true, attributeFilter: ["disabled", "aria-disabled", "class"] });
    dialog.addEventListener("close", () => watch.disconnect());
  }

  function palette() {
    let offered = set.commands.filter((one) => may(one.id));
    const field = make("input", {
      type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list",
      "aria-autocomplete": "list", "aria-label": set.words.find, placeholder: set.words.find,
      autocomplete: "off", spellcheck: "false",
    });
    const list = make("ul", { id: "palette-list", role: "listbox", "aria-label": set.words.commands });
    const none = make("p", { class: "quiet", role: "status" });
    const dialog = make("dialog", { class: "palette", "aria-label": set.words.commands }, field, list, none);
    let chosen = 0;
    let shown = [];

    function mark() {
      [...list.children].forEach((one, place) => {
        one.setAttribute("aria-selected", String(place === chosen));
        if (place === chosen) one.scrollIntoView({ block: "nearest" });
      });
      if (shown.length) field.setAttribute("aria-activedescendant", `palette-${shown[chosen].id}`);
      else field.removeAttribute("aria-activedescendant");
    }

    function paint() {
      const parts = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      shown = offered.filter((one) => parts.every((part) => one.label.toLowerCase().includes(part)));
      chosen = 0;
      list.replaceChildren(
        ...shown.map((one) => {
          const row = make(
            "li", { id: `palette-${one.id}`, role: "option" },
            make("span", {}, one.label), make("span", { class: "strokes" }, ...strokes(one.keys))
          );
          row.addEventListener("click", () => dialog.close(one.id));
          return row;
        })
      );
      none.textContent = shown.length ? "" : set.words.none;
      mark();
    }

    field.addEventListener("input", paint);
    field.addEventListener("keydown", (event) => {
      if (isComposing(event)) return;
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (by && shown.length) {
        event.preventDefault();
        chosen = (chosen + by + shown.length) % shown.length;
        mark();
      } else if (event.key === "Enter") {
        event.preventDefault();
        if (shown.length) dialog.close(shown[chosen].id);
      }
    });
    paint();
    open(dialog);
    field.focus();
    whileOpen(dialog, () => {
      const now = set.commands.filter((one) => may(one.id));
      if (now.length === offered.length && now.every((one, place) => one === offered[place])) return;
      const kept = shown[chosen];
      offered = now;
      paint();
      chosen = Math.max(shown.indexOf(kept), 0);
      mark();
    });
  }

  function help() {
    const rows = [
      { label: set.words.commands, keys: "Ctrl K" },
      { label: set.words.send, keys: "Ctrl Enter" },
      { label: set.words.leave, keys: "Esc" },
    ];
    const line = (one, here) =>
      make("li", { class: here ? "" : "quiet" }, make("span", {}, one.label), make("span", { class: "strokes" }, ...strokes(one.keys)));
    const here = set.commands.filter((one) => one.keys && may(one.id));
    const away = set.commands.filter((one) => one.keys && !may(one.id));
    const close = make("button", { type: "button", class: "act plain" }, set.words.close);
    const change = make("a", { href: set.words.link, class: "change" }, set.words.change);
    const parts = [make("h2", {}, set.words.help)];
    if (!set.bare) parts.push(make("p", { class: "unverified" }, set.words.off));
    parts.push(make("ul", {}, ...rows.map((one) => line(one, true)), ...here.map((one) => line(one, true))));
    if (away.length) parts.push(make("h3", {}, set.words.elsewhere), make("ul", {}, ...away.map((one) => line(one, true))));
    const dialog = make("dialog", { class: "shortcut-help", "aria-label": set.words.help }, ...parts, make("div", { class: "closing-acts" }, change, close));
    close.addEventListener("click", () => dialog.close(""));
    open(dialog);
    // What is pressed stands at the end, what is read begins at the top.
    close.focus({ preventScroll: true });
    dialog.scrollTop = 0;
  }

  document.addEventListener("keydown", onKey);
  window.grace.keys = { set: (given) => (set = given), palette, help, run };
})();
