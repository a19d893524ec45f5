/** The field the borrower writes in: grows with the text, counts it, never sends in mid-composition. */

export const LIMIT = 20_000;
const COUNT_FROM = 2_000;
const MOST_ROWS = 6;
const ROW = 24; // pixels, the line height in the style sheet

/** Characters as people and the server count them: a code point is one, an emoji is not two. */
export function lengthOf(text) {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

export class Composer {
  /** `onSend(text)` gets a finished text, `onDraft(text)` every change, `onFile(file)` a chosen file. */
  constructor(form, { onSend, onDraft, onFile }) {
    this.form = form;
    this.picker = form.querySelector("input[type=file]");
    this.input = form.querySelector("textarea");
    this.button = form.querySelector("button[type=submit]");
    this.counter = form.querySelector("#counter");
    this.warning = form.querySelector("#too-long");
    this.closed = false;
    this.composing = false;
    this.texts = { too_long: "" };
    this.onSend = onSend;
    this.onDraft = onDraft;
    this.onFile = onFile;
    this.listen();
  }

  setTexts(texts, locale) {
    this.texts = texts;
    this.number = new Intl.NumberFormat(locale.replace("_", "-"));
    this.update();
  }

  /** Shows a draft kept from before, unless the borrower has begun another. */
  restore(draft) {
    if (!draft || this.input.value) return;
    this.input.value = draft;
    this.update();
  }

  /** A closed conversation takes no more text. */
  setClosed(closed) {
    this.closed = closed;
    this.input.disabled = this.picker.disabled = closed;
    this.update();
  }

  listen() {
    const { input } = this;
    input.addEventListener("compositionstart", () => { this.composing = true; });
    input.addEventListener("compositionend", () => { this.composing = false; });
    input.addEventListener("input", () => {
      this.update();
      this.onDraft(input.value);
    });
    input.addEventListener("keydown", (event) => this.key(event));
    this.picker.addEventListener("change", () => {
      const [file] = this.picker.files;
      if (file && !this.closed) this.onFile(file);
      this.picker.value = ""; // so that the same file can be chosen again
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    // Pressing the button must not take the focus, or a phone's keyboard would go down after every message.
    this.button.addEventListener("mousedown", (event) => event.preventDefault());
  }

  key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    // 229: Safari ends the composition before the Enter that confirmed it arrives.
    if (event.isComposing || event.keyCode === 229 || this.composing) return;
    event.preventDefault();
    if (!event.repeat) this.send();
  }

  send() {
    const text = this.input.value.trim();
    if (this.composing || this.closed || !text || lengthOf(text) > LIMIT) return;
    this.input.value = "";
    this.update();
    this.onDraft("");
    this.onSend(text);
    if ([this.button, document.body].includes(document.activeElement)) this.input.focus();
  }

  update() {
    const text = this.input.value.trim();
    const length = text.length > COUNT_FROM ? lengthOf(text) : text.length;
    const over = length > LIMIT;
    this.button.disabled = this.closed || !text || over;
    this.counter.textContent = length > COUNT_FROM ? `${this.format(length)} / ${this.format(LIMIT)}` : "";
    this.warning.textContent = over ? this.texts.too_long : "";
    this.input.setAttribute("aria-invalid", String(over));
    this.form.classList.toggle("over", over);
    this.grow();
  }

  format(number) {
    return this.number ? this.number.format(number) : String(number);
  }

  grow() {
    // With the keyboard up or the phone on its side, the conversation keeps most of what is left to see.
    const seen = window.visualViewport?.height ?? window.innerHeight;
    const most = Math.max(2, Math.min(MOST_ROWS, Math.floor(seen / 4 / ROW)));
    this.input.rows = 1;
    while (this.input.scrollHeight > this.input.clientHeight && this.input.rows < most) this.input.rows += 1;
  }
}
