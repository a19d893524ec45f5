/** The borrower's chat page: ties together the line to the server, what is known and what is shown. */

import { Composer } from "./composer.js";
import { Shelf, Store } from "./store.js";
import { ENGLISH } from "./texts.js"; // made by the server from its own table; used until the session answers
import { Transport, backOff } from "./transport.js";
import { View } from "./view.js";

const OVERLAP = 20; // asked for again on every reconnect: two messages stored at once may arrive out of turn
const ACK_WITHIN = 15_000; // a line that swallows what is sent is taken for dead
const CONNECTING_QUIET = 1_500; // short interruptions are nobody's business
const LARGEST_FILE = 5 * 1024 * 1024; // as the server has it
const MENU_REST = 2_000; // a second touch of the same menu entry is a slip

let texts = ENGLISH;
let locale = "en";
let lender = "";
let shelf = null;
let conversation = null;
let frozen = null; // why the conversation is over on this page, or null
let catchUp = null; // seq up to which arriving messages are history
let drawing = false;
let readTo = 0; // seq up to which the server knows that the thread was shown
let session = null; // the request under way
const sentAt = new Map(); // client_id -> when it last went out
const files = new Map(); // client_id -> File, until the server has it; a reload forgets them
const uploading = new Set();

const store = new Store(schedule);
const view = new View({ tap, retry, discard });
const composer = new Composer(document.getElementById("composer"), {
  onSend: (text) => submit(store.write(text)),
  onDraft: (text) => shelf?.save("draft", text),
  onFile: (file) => attach(file),
});
const transport = new Transport(socketAddress(), {
  hello: () => ({ type: "hello", after: Math.max(0, store.delivered - OVERLAP) }),
  onFrame: (frame) => handlers[frame.type]?.(frame),
  onState: showLine,
  onRefused: () => loadSession(),
});

// --- session -----------------------------------------------------------------------------------------------

function socketAddress() {
  const url = new URL("ws", import.meta.url);
  url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
  return url.href;
}

/** Asks who this is and in which words to speak; true once known. A refusal ends the page. */
function loadSession() {
  session ??= fetchSession().finally(() => { session = null; });
  return session;
}

async function fetchSession() {
  try {
    const options = { credentials: "same-origin", cache: "no-store" };
    const response = await fetch(new URL("session", import.meta.url), options);
    const answer = await response.json().catch(() => ({}));
    if (answer.texts) {
      lender = answer.lender ?? lender;
      speak(answer.locale, answer.texts);
    }
    if (response.status === 401 || response.status === 403) freeze("expired");
    if (!response.ok || !answer.texts) return false;
    return openShelf(answer.conversation ?? "chat");
  } catch {
    return false;
  }
}

/** Drafts and unsent messages are kept per conversation: a link of somebody else must never send them. */
function openShelf(name) {
  if (shelf) return isStill(name);
  conversation = name;
  shelf = new Shelf(`grace.${name}`);
  store.restore(shelf);
  for (const item of store.unsent()) if (item.type === "file") store.fail(item.client_id, texts.file_lost);
  composer.restore(shelf.load("draft", ""));
  return true;
}

/** Another link opened in this browser changes whose session it is: then the page begins afresh. */
function isStill(name) {
  if (name === undefined || name === conversation) return true;
  transport.stop();
  location.reload();
  return false;
}

function speak(newLocale, newTexts) {
  locale = newLocale;
  texts = { ...ENGLISH, ...newTexts };
  view.setTexts(texts, locale, lender);
  view.setMode(store.mode);
  composer.setTexts(texts, locale);
  showStatus();
  schedule();
}

async function start() {
  for (let attempt = 0; !(await loadSession()); attempt += 1) {
    if (attempt === 0 && texts === ENGLISH) speak("en", ENGLISH);
    if (frozen !== null) return;
    view.setStatus(texts.offline);
    await new Promise((resume) => setTimeout(resume, backOff(attempt)));
  }
  transport.start();
}

// --- what the server says ----------------------------------------------------------------------------------

const handlers = {
  ready(frame) {
    if (!isStill(frame.conversation)) return;
    catchUp ??= frame.last; // what was missed later on is news, and read aloud
    setMode(frame.mode);
    if (frame.locale && frame.locale !== locale) loadSession();
    readTo = 0;
    for (const item of store.unsent()) transmit(item);
  },

  message(frame) {
    const history = frame.seq <= catchUp;
    const fresh = store.receive(frame);
    if (frame.from !== "borrower") view.setTyping(null);
    if (fresh && !history && frame.from !== "borrower") view.announce();
  },

  ack(frame) {
    sentAt.delete(frame.client_id);
    store.acknowledge(frame.client_id, frame.seq);
  },

  error(frame) {
    sentAt.delete(frame.client_id);
    store.fail(frame.client_id, frame.text ?? "");
  },

  typing: (frame) => view.setTyping(frame.from),
  mode: (frame) => setMode(frame.mode),
  locale(frame) {
    lender = frame.lender ?? lender;
    speak(frame.locale, frame.texts);
  },
  closed: (frame) => freeze(frame.reason ?? ""),
};

function setMode(mode) {
  store.setMode(mode);
  view.setMode(mode);
}

// --- what the borrower does --------------------------------------------------------------------------------

function submit(item) {
  view.toEnd();
  transmit(item);
}

function attach(file) {
  const item = store.attach(file.name, file.type);
  files.set(item.client_id, file);
  submit(item);
}

function tap(seq, index) {
  const item = frozen === null ? store.tap(seq, index) : null;
  if (item) submit(item);
}

function retry(clientId) {
  const item = store.retry(clientId);
  if (item) transmit(item);
}

function discard(clientId) {
  store.discard(clientId);
  files.delete(clientId);
  document.getElementById("scroll").focus({ preventScroll: true });
}

/** Sends an outgoing entry if the line is ready; otherwise the next "ready" does, with the same client_id. */
function transmit({ type, client_id, text, seq, index }) {
  if (type === "file") {
    upload(client_id);
    return;
  }
  const frame = type === "tap" ? { type, client_id, seq, index } : { type, client_id, text };
  if (transport.send(frame)) sentAt.set(client_id, Date.now());
}

/** Sends a file by a request of its own. Without a line it waits, like a message, for the next "ready". */
async function upload(clientId) {
  const file = files.get(clientId);
  if (uploading.has(clientId)) return;
  if (!file || file.size > LARGEST_FILE) {
    store.fail(clientId, file ? texts.file_large : texts.file_lost);
    return;
  }
  uploading.add(clientId);
  try {
    const response = await fetch(new URL(`file?client_id=${clientId}`, import.meta.url), {
      method: "POST",
      body: file,
      credentials: "same-origin",
      headers: { "X-File-Name": encodeURIComponent(file.name) },
    });
    const answer = await response.json().catch(() => ({}));
    settleUpload(clientId, response, answer);
  } catch {
    if (line === "ready") store.fail(clientId, ""); // not the line's fault: the borrower may try again
  } finally {
    uploading.delete(clientId);
  }
}

function settleUpload(clientId, response, answer) {
  if (response.ok) {
    files.delete(clientId);
    store.acknowledge(clientId, answer.seq);
  } else if (response.status === 401) loadSession();
  else store.fail(clientId, answer.text ?? "");
}

function checkAnswers() {
  const oldest = Math.min(...sentAt.values());
  if (Date.now() - oldest < ACK_WITHIN || sentAt.size === 0) return;
  sentAt.clear();
  transport.restart();
}

function openMenu() {
  const touched = {};
  for (const name of ["human", "stop", "language"]) {
    document.getElementById(`menu-${name}`).addEventListener("click", () => {
      const text = texts[`menu_${name}`];
      const waiting = store.unsent().some((item) => item.text === text);
      if (waiting || Date.now() - (touched[name] ?? 0) < MENU_REST) return;
      touched[name] = Date.now();
      submit(store.write(text));
    });
  }
}

// --- the line ----------------------------------------------------------------------------------------------

let line = "connecting";
let lineTimer;

function showLine(state) {
  line = state;
  clearTimeout(lineTimer);
  if (state === "ready") showStatus();
  else {
    view.setTyping(null);
    lineTimer = setTimeout(showStatus, navigator.onLine ? CONNECTING_QUIET : 0);
  }
  schedule();
}

function showStatus() {
  if (frozen !== null) {
    view.setStatus(texts[`closed_${frozen}`] ?? texts.closed, frozen !== "expired");
  } else if (line === "ready") view.setStatus(null);
  else view.setStatus(line === "waiting" || !navigator.onLine ? texts.offline : texts.connecting);
}

/** Ends the conversation on this page; null takes it up again. */
function freeze(reason) {
  frozen = reason;
  composer.setClosed(reason !== null);
  view.setClosed(reason !== null);
  if (reason === null) transport.start();
  else transport.stop();
  showStatus();
}

// --- drawing -----------------------------------------------------------------------------------------------

/** Many changes, one drawing. A hidden page gets no animation frames, so it draws by the clock. */
function schedule() {
  if (drawing) return;
  drawing = true;
  if (document.visibilityState === "visible") requestAnimationFrame(draw);
  else setTimeout(draw, 50);
}

function draw() {
  drawing = false;
  if (!shelf) return;
  const late = line === "waiting" || line === "stopped";
  view.render([{ kind: "intro", key: "intro" }, ...store.entries()], late);
  tellRead();
  if (catchUp !== null && store.delivered >= catchUp) setTimeout(() => view.setLive(true), 100);
}

/** Tells the server up to where the thread was shown to somebody, once a step. */
function tellRead() {
  if (document.visibilityState !== "visible" || line !== "ready" || store.delivered <= readTo) return;
  if (transport.send({ type: "read", seq: store.delivered })) readTo = store.delivered;
}

document.getElementById("reconnect").addEventListener("click", () => freeze(null));
document.addEventListener("visibilitychange", schedule); // the day may have changed meanwhile
setInterval(checkAnswers, 3000);
openMenu();
start();
