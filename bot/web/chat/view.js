/** The page itself: its words, its state, and a log that always shows exactly what the store knows. */

import { Painter, fill, morph } from "./paint.js";

const NEAR_END = 80; // pixels from the end within which new messages keep the view at the end
const TYPING_FOR = 8000;

const byId = (id) => document.getElementById(id);

export class View {
  /** `act` holds what the borrower can do in the log: tap(seq, index), retry(clientId), discard(clientId). */
  constructor(act) {
    this.painter = new Painter({ ...act, grown: () => this.atEnd && this.toEnd() });
    this.texts = {};
    this.generation = 0; // raised with the texts, so that every entry is drawn anew
    this.nodes = new Map();
    this.log = byId("log");
    this.scroller = byId("scroll");
    this.unseen = 0;
    this.atEnd = true;
    this.live = false;
    this.follow();
  }

  /** Puts all words of the page in place, in `locale` ("zh_CN" or "en"). */
  setTexts(texts, locale, lender) {
    this.texts = texts;
    this.lender = lender;
    this.locale = locale.replace("_", "-");
    this.generation += 1;
    this.painter.setTexts(texts, this.locale, lender);
    document.documentElement.lang = this.locale;
    byId("lender").textContent = lender;
    for (const [id, key] of [
      ["input-label", "input_label"], ["reconnect", "reconnect"], ["jump-text", "jump"],
      ["attach-text", "attach"], ["menu-human", "menu_human"], ["menu-stop", "menu_stop"],
      ["menu-language", "menu_language"],
    ]) byId(id).textContent = texts[key];
    byId("menu-language").lang = this.locale.startsWith("zh") ? "en" : "zh-CN";
    byId("input").placeholder = texts.input_placeholder;
    for (const [id, key] of [["send", "send"], ["menu", "menu_label"], ["scroll", "log_label"]]) {
      byId(id).setAttribute("aria-label", texts[key]);
    }
    this.setTitle();
  }

  setTitle() {
    if (!this.lender) return;
    const title = fill(this.texts.title, { lender: this.lender });
    document.title = this.unseen > 0 ? `(${this.unseen}) ${title}` : title;
  }

  /** Who answers: "bot" or "human". */
  setMode(mode) {
    byId("state").textContent = mode === "human" ? this.texts.header_human : this.texts.header_bot;
    document.body.dataset.mode = mode ?? "bot";
  }

  /** Greys out what a closed conversation no longer takes. */
  setClosed(closed) {
    for (const button of byId("menu").children) button.disabled = closed;
  }

  /** A quiet line under the header; null hides it. `again` shows the button that opens the line anew. */
  setStatus(text, again = false) {
    byId("status").hidden = text === null;
    byId("status-text").textContent = text ?? "";
    byId("reconnect").hidden = !again;
  }

  /** History is not read aloud, what comes after it is. */
  setLive(live) {
    this.live = live;
    this.scroller.setAttribute("aria-live", live ? "polite" : "off");
  }

  /** Shows that the other side is writing, for a while; null ends it. */
  setTyping(from) {
    clearTimeout(this.typingTimer);
    const typing = byId("typing");
    typing.hidden = from === null;
    if (from === null) return;
    const name = from === "agent" ? this.texts.from_agent : this.texts.from_bot;
    byId("typing-text").textContent = fill(this.texts.typing, { name });
    this.typingTimer = setTimeout(() => this.setTyping(null), TYPING_FOR);
    if (this.atEnd) this.toEnd();
  }

  /** Counts a message that came while the borrower looks elsewhere. */
  announce() {
    if (document.visibilityState !== "visible") {
      this.unseen += 1;
      this.setTitle();
    }
    if (!this.atEnd) byId("jump").hidden = false;
  }

  // --- the log ---------------------------------------------------------------------------------------------

  /** Makes the log show exactly these entries, touching only nodes that changed. */
  render(entries, waiting) {
    const wanted = new Set(entries.map((entry) => entry.key));
    for (const [key, { node }] of this.nodes) {
      if (wanted.has(key)) continue;
      node.remove();
      this.nodes.delete(key);
    }
    let cursor = this.log.firstChild;
    for (const entry of entries) {
      const node = this.nodeFor(entry, waiting);
      if (node === cursor) cursor = cursor.nextSibling;
      else this.log.insertBefore(node, cursor);
    }
    if (this.atEnd) this.toEnd();
  }

  nodeFor(entry, waiting) {
    const known = this.nodes.get(entry.key);
    const today = entry.kind === "day" ? new Date().toDateString() : "";
    const late = entry.kind === "pending" && waiting;
    const { kind, first, last, message, chosen } = entry;
    const stamp = [this.generation, kind, first, last, message?.rev, chosen, late, today].join();
    if (known?.stamp === stamp) return known.node;
    const drawn = this.painter.draw(entry, late);
    if (known) morph(known.node, drawn);
    else if (this.live) drawn.classList.add("new");
    const node = known ? known.node : drawn;
    this.nodes.set(entry.key, { node, stamp });
    return node;
  }

  // --- scrolling -------------------------------------------------------------------------------------------

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.atEnd = true;
    byId("jump").hidden = true;
  }

  follow() {
    let before = 0;
    this.scroller.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = this.scroller;
      const near = scrollHeight - scrollTop - clientHeight < NEAR_END;
      // Only going up leaves the end: more text, or a taller field below, is not the reader's doing.
      this.atEnd = near || (this.atEnd && scrollTop >= before);
      before = scrollTop;
      if (near) byId("jump").hidden = true;
    }, { passive: true });
    new ResizeObserver(() => this.atEnd && this.toEnd()).observe(this.scroller);
    byId("jump").addEventListener("click", () => {
      this.toEnd();
      this.scroller.focus();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") return;
      this.unseen = 0;
      this.setTitle();
    });
    followViewport();
  }
}

/** On phones whose keyboard covers the page instead of shrinking it, the page follows the part still seen. */
function followViewport() {
  const seen = window.visualViewport;
  if (!seen) return;
  const fit = () => {
    if (Math.abs(seen.scale - 1) > 0.01) return; // pinched: the borrower is reading, leave the layout alone
    document.documentElement.style.setProperty("--seen-height", `${seen.height}px`);
    document.documentElement.style.setProperty("--seen-top", `${seen.offsetTop}px`);
  };
  seen.addEventListener("resize", fit);
  seen.addEventListener("scroll", fit);
}
