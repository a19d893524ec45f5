/** Draws single entries of the log. Words of a message only ever become text nodes. */

const SVG = "http://www.w3.org/2000/svg";
const LINK = /https?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]+/gi;

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** The address as a URL if it leads to this very origin over http and hides nothing, else null. */
function ownLink(address) {
  try {
    const url = new URL(address, document.baseURI);
    const plain = /^https?:$/.test(url.protocol) && !url.username && !url.password;
    return plain && url.origin === location.origin ? url : null;
  } catch {
    return null;
  }
}

/** Appends `text` to `node` as text, with links to our own origin as anchors. */
function appendText(node, text) {
  let done = 0;
  for (const match of text.matchAll(LINK)) {
    const address = match[0].replace(/[.,;:!?'\])]+$/, "");
    const url = ownLink(address);
    if (!url) continue;
    const anchor = anchorTo(url, address);
    node.append(text.slice(done, match.index), anchor);
    done = match.index + address.length;
  }
  node.append(text.slice(done));
}

function anchorTo(url, text) {
  const anchor = element("a", "", text);
  anchor.href = url.href;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
  return anchor;
}

/** "Hello {name}" with its values in place. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Makes `old` look like `fresh`, touching only what differs: focus stays, and only news is read aloud. */
export function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== Node.ELEMENT_NODE || old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh);
    return;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
  const [before, after] = [[...old.childNodes], [...fresh.childNodes]];
  after.forEach((child, place) => (before[place] ? morph(before[place], child) : old.append(child)));
  for (const extra of before.slice(after.length)) extra.remove();
}

export class Painter {
  /** `act` holds what can happen in the log: tap(seq, index), retry(clientId), discard(clientId), grown(). */
  constructor(act) {
    this.act = act;
  }

  setTexts(texts, locale, lender) {
    const format = (fields) => new Intl.DateTimeFormat(locale, fields);
    this.texts = texts;
    this.lender = lender;
    this.clock = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    this.calendar = format({ month: "long", day: "numeric", weekday: "short" });
    this.calendarWithYear = format({ year: "numeric", month: "long", day: "numeric" });
  }

  /** A node for an entry of the store; `late` is a message that waits for a connection. */
  draw(entry, late) {
    const node = element("div", `entry ${entry.kind}`);
    if (entry.message) this.drawMessage(node, entry, late);
    else node.append(element("p", "", this.line(entry)));
    return node;
  }

  line(entry) {
    if (entry.kind === "intro") return fill(this.texts.intro, { lender: this.lender });
    return entry.kind === "day" ? this.day(entry.at) : fill(this.texts[entry.text], { name: entry.name });
  }

  drawMessage(node, entry, late) {
    const { message } = entry;
    node.classList.add(`from-${message.from}`);
    node.classList.toggle("first", entry.first);
    node.classList.toggle("last", entry.last);
    if (entry.kind === "message") node.dataset.seq = message.seq;
    node.append(this.sender(message, entry.first));
    if (message.text) appendText(node.appendChild(element("div", "bubble")), message.text);
    for (const file of message.attachments ?? []) node.append(this.attachment(file) ?? "");
    if (message.buttons?.length) node.append(this.options(message, entry.chosen));
    if (entry.kind === "pending") node.append(this.progress(message, late));
    else if (entry.last) node.append(this.time(message.at));
  }

  sender(message, first) {
    const { from, name } = message;
    const label = from === "borrower" ? this.texts.from_you : name || this.texts[`from_${from}`];
    return element("p", first && from !== "borrower" ? "sender" : "unseen", label);
  }

  time(at) {
    const node = element("time", "time", this.clock.format(new Date(at)));
    node.dateTime = at;
    node.setAttribute("aria-live", "off");
    return node;
  }

  day(at) {
    const now = new Date();
    const midnight = (date) => new Date(date).setHours(0, 0, 0, 0);
    const ago = Math.round((midnight(now) - midnight(at)) / 86_400_000);
    const calendar = at.getFullYear() === now.getFullYear() ? this.calendar : this.calendarWithYear;
    return ago === 0 ? this.texts.day_today : ago === 1 ? this.texts.day_yesterday : calendar.format(at);
  }

  options(message, chosen) {
    const group = element("div", "options");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", this.texts.options_label);
    for (const option of message.buttons) {
      const button = element("button", "option", option.label);
      button.type = "button";
      button.dataset.index = option.index;
      // aria-disabled and not disabled: the keyboard's place is kept; the store refuses a second tap anyway.
      if (chosen !== null) button.setAttribute("aria-disabled", "true");
      if (chosen === option.index) {
        button.classList.add("chosen");
        button.append(element("span", "unseen", ` (${this.texts.chosen})`), icon("check"));
      }
      button.addEventListener("click", () => {
        if (button.getAttribute("aria-disabled") !== "true") this.act.tap(message.seq, option.index);
      });
      group.append(button);
    }
    return group;
  }

  /** A link to our own origin, or just the name of a file that only staff can fetch. */
  attachment(file) {
    const url = file.url ? ownLink(file.url) : null;
    if (!url && (file.url || !file.name)) return null;
    if (!url) {
      const chip = element("span", "attachment");
      chip.append(icon("file"), element("span", "", file.name));
      return chip;
    }
    const anchor = anchorTo(url, "");
    anchor.className = "attachment";
    if ((file.type ?? "").startsWith("image/")) {
      const image = element("img");
      image.alt = file.alt ?? file.name ?? "";
      image.addEventListener("load", () => this.act.grown());
      image.src = url.href;
      anchor.append(image);
    } else {
      anchor.append(icon("file"), element("span", "", file.name || url.pathname.split("/").pop()));
    }
    return anchor;
  }

  progress(message, late) {
    const line = element("div", "progress");
    if (message.error === undefined) {
      line.setAttribute("aria-live", "off");
      line.append(icon("clock"), element("span", "", late ? this.texts.waiting : this.texts.sending));
      return line;
    }
    const reason = element("p", "reason");
    reason.append(icon("alert"), element("span", "", message.error || this.texts.failed));
    line.classList.add("failed");
    line.append(reason);
    for (const name of ["retry", "discard"]) {
      const button = element("button", "", this.texts[name]);
      button.type = "button";
      button.addEventListener("click", () => this.act[name](message.client_id));
      line.append(button);
    }
    return line;
  }
}
