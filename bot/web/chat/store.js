/** What the page knows of the conversation: messages, what is still on its way, and the order of both. */

const GROUP_GAP = 5 * 60 * 1000; // after this pause a sender's next message gets its own name and time

/** A version 4 UUID; also where crypto.randomUUID is missing (plain http on a local network). */
export function uuid4() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** JSON values under one prefix of sessionStorage; does nothing where the browser forbids storage. */
export class Shelf {
  constructor(prefix) {
    this.prefix = prefix;
  }

  load(name, fallback) {
    try {
      return JSON.parse(sessionStorage.getItem(`${this.prefix}.${name}`)) ?? fallback;
    } catch {
      return fallback;
    }
  }

  save(name, value) {
    try {
      sessionStorage.setItem(`${this.prefix}.${name}`, JSON.stringify(value));
    } catch {
      // Full or forbidden: the page still works, only a reload would forget what was not sent.
    }
  }
}

/** Messages (one per seq), outgoing ones (one per client_id) and notices, in the order they are shown. */
export class Store {
  constructor(onChange) {
    this.onChange = onChange;
    this.messages = []; // by seq, ascending
    this.pending = []; // in the order written
    this.notices = []; // {after: seq, text: key}
    this.delivered = 0; // highest seq the server has delivered as a message
    this.mode = null;
  }

  /** Takes up what an earlier load of this page left unsent; from now on `shelf` keeps it. */
  restore(shelf) {
    this.shelf = shelf;
    const kept = shelf.load("pending", []).map((item) => ({ ...item, rev: 0 }));
    this.keep([...kept, ...this.pending]);
    this.onChange();
  }

  /** Sets the outgoing entries, on the shelf too. */
  keep(pending) {
    this.pending = pending;
    if (this.shelf) this.shelf.save("pending", pending);
  }

  find(seq) {
    return this.messages.find((message) => message.seq === seq);
  }

  /** Stores a message from the server. A second copy changes nothing but which button was used. */
  receive(frame) {
    this.delivered = Math.max(this.delivered, frame.seq);
    const known = this.find(frame.seq);
    if (known && !known.local) {
      if (known.used === null && frame.used != null) this.use(known, frame.used);
      return false;
    }
    if (known) this.messages.splice(this.messages.indexOf(known), 1);
    const used = frame.used ?? null;
    const client_id = frame.client_id ?? known?.client_id ?? null;
    this.insert({ buttons: [], attachments: [], ...frame, used, client_id, rev: known ? known.rev + 1 : 0 });
    if (frame.client_id) this.drop(frame.client_id);
    this.onChange();
    return !known;
  }

  insert(message) {
    let place = this.messages.length;
    while (place > 0 && this.messages[place - 1].seq > message.seq) place -= 1;
    this.messages.splice(place, 0, message);
  }

  use(message, index) {
    message.used = index;
    message.rev += 1;
    this.onChange();
  }

  /** The server has it: the outgoing entry becomes message `seq`, unless that message is already here. */
  acknowledge(clientId, seq) {
    const item = this.pending.find((entry) => entry.client_id === clientId);
    if (!item) return;
    this.drop(clientId);
    if (item.type === "tap") {
      const tapped = this.find(item.seq);
      if (tapped && tapped.used === null) this.use(tapped, item.index);
    }
    if (Number.isInteger(seq) && !this.find(seq)) {
      const { text, at, rev, attachments = [] } = item;
      const local = { seq, from: "borrower", name: null, text, at, client_id: clientId, local: true };
      this.insert({ ...local, buttons: [], attachments, used: null, rev: rev + 1 });
    }
    this.onChange();
  }

  /** Adds an outgoing text. */
  write(text) {
    return this.queue({ type: "message", text });
  }

  /** Adds an outgoing file; its content is not kept here, only what is shown of it. */
  attach(name, type) {
    return this.queue({ type: "file", text: "", attachments: [{ name, type }] });
  }

  /** Adds a tap on a button; null when that message was already answered or an answer is on its way. */
  tap(seq, index) {
    const message = this.find(seq);
    const button = message && message.buttons.find((option) => option.index === index);
    if (!button || message.used !== null) return null;
    const earlier = this.pending.find((item) => item.type === "tap" && item.seq === seq);
    if (earlier && earlier.error === undefined) return null;
    if (earlier) this.drop(earlier.client_id);
    return this.queue({ type: "tap", seq, index, text: button.label });
  }

  queue(fields) {
    const item = { ...fields, client_id: uuid4(), at: new Date().toISOString(), rev: 0 };
    this.keep([...this.pending, item]);
    this.onChange();
    return item;
  }

  /** Marks an outgoing entry as refused, with the server's words. */
  fail(clientId, error) {
    this.amend(clientId, { error });
  }

  /** Puts a refused entry back in line, under the same client_id. */
  retry(clientId) {
    return this.amend(clientId, { error: undefined });
  }

  amend(clientId, fields) {
    const item = this.pending.find((entry) => entry.client_id === clientId);
    if (!item) return null;
    Object.assign(item, fields, { rev: item.rev + 1 });
    this.keep(this.pending);
    this.onChange();
    return item;
  }

  drop(clientId) {
    const rest = this.pending.filter((item) => item.client_id !== clientId);
    if (rest.length < this.pending.length) this.keep(rest);
  }

  /** Removes an outgoing entry at the borrower's wish. */
  discard(clientId) {
    this.drop(clientId);
    this.onChange();
  }

  /** Outgoing entries that the server has neither stored nor refused. */
  unsent() {
    return this.pending.filter((item) => item.error === undefined);
  }

  /** Records who answers, "bot" or "human"; a change while the page is open leaves a notice in the flow. */
  setMode(mode) {
    if (this.mode !== null && this.mode !== mode) {
      const last = this.messages[this.messages.length - 1];
      const text = mode === "human" ? "notice_human" : "notice_bot";
      this.notices.push({ after: last ? last.seq : 0, text });
    }
    this.mode = mode;
    this.onChange();
  }

  /** The index chosen for a message, also while the tap is on its way; null if none. */
  chosen(message) {
    const tapped = this.pending.find(
      (item) => item.type === "tap" && item.seq === message.seq && item.error === undefined,
    );
    return message.used ?? (tapped ? tapped.index : null);
  }

  /** Everything to show, top to bottom: days, notices, messages, then what is on its way. */
  entries() {
    const shown = [];
    const flow = { shown, day: "", voice: null };
    this.addNotices(shown, 0);
    for (const message of this.messages) {
      addDay(flow, message);
      addArrival(flow, message);
      shown.push({ kind: "message", key: keyOf(message), message, chosen: this.chosen(message) });
      this.addNotices(shown, message.seq);
    }
    for (const message of this.pending) {
      addDay(flow, message);
      shown.push({ kind: "pending", key: keyOf(message), message: { ...message, from: "borrower" } });
    }
    markGroups(shown);
    return shown;
  }

  addNotices(shown, after) {
    this.notices.forEach((notice, place) => {
      if (notice.after === after) shown.push({ kind: "notice", key: `n${place}`, text: notice.text });
    });
  }
}

/** An outgoing entry keeps its key when it becomes a message, so its place on the page stays the same. */
function keyOf(message) {
  return message.client_id ? `c${message.client_id}` : `m${message.seq}`;
}

function addDay(flow, message) {
  const at = new Date(message.at);
  const parts = [at.getFullYear(), at.getMonth() + 1, at.getDate()];
  const day = parts.map((part) => String(part).padStart(2, "0")).join("-");
  if (day <= flow.day) return; // clocks differ a little: days only ever go forward
  flow.day = day;
  flow.shown.push({ kind: "day", key: `d${day}`, at, day });
}

function addArrival(flow, message) {
  if (message.from === "borrower") return;
  const voice = message.from === "agent" ? message.name : null;
  if (voice && voice !== flow.voice) {
    flow.shown.push({ kind: "notice", key: `j${message.seq}`, text: "notice_joined", name: voice });
  }
  flow.voice = voice;
}

function markGroups(shown) {
  shown.forEach((entry, place) => {
    entry.first = !joins(shown[place - 1], entry);
    entry.last = !joins(entry, shown[place + 1]);
  });
}

function joins(before, after) {
  if (!before || !after || !before.message || !after.message) return false;
  const [a, b] = [before.message, after.message];
  const same = a.from === b.from && (a.name ?? null) === (b.name ?? null);
  return same && new Date(b.at) - new Date(a.at) < GROUP_GAP;
}
