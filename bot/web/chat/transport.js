/** One lasting line to the server over sockets that come and go. */

const FIRST_DELAY = 600;
const LONGEST_DELAY = 30_000;
const READY_WITHIN = 12_000; // a socket that has not said "ready" by then is given up
const STEADY_AFTER = 10_000; // only a line that held this long resets the back-off
const SILENCE_LIMIT = 75_000; // once the server has pinged: this long without a word means the line is dead
const STALE_AFTER = 20_000; // back from the background: an older silence is not trusted

/** Milliseconds to wait before an attempt (0 first): exponential, capped, spread over its upper half. */
export function backOff(attempt, random = Math.random) {
  const ceiling = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempt);
  return ceiling * (0.5 + random() / 2);
}

export class Transport {
  /**
   * `hello()` gives the first frame of every socket, `onFrame(frame)` gets all that come but pings,
   * `onState("connecting"|"ready"|"waiting"|"stopped")` follows the line,
   * `onRefused()` hears of each try that failed.
   */
  constructor(url, { hello, onFrame, onState, onRefused }) {
    Object.assign(this, { url, hello, onFrame, onState, onRefused });
    this.socket = null;
    this.ready = false;
    this.running = false;
    this.attempt = 0;
    this.watchWakeUps();
  }

  start() {
    if (this.running) return;
    this.running = true;
    this.attempt = 0;
    this.guard = setInterval(() => this.checkPulse(), 5000);
    this.connect();
  }

  stop() {
    this.running = false;
    clearInterval(this.guard);
    clearTimeout(this.timer);
    this.leave();
    this.onState("stopped");
  }

  /** Gives the present socket up and opens a new one at once. */
  restart() {
    if (this.running) this.connect();
  }

  /** Sends a frame if the line is ready; says whether it went out. */
  send(frame) {
    if (!this.ready || this.socket.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  connect() {
    clearTimeout(this.timer);
    this.leave();
    this.onState("connecting");
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.opened = this.heard = Date.now();
    this.pinged = false;
    // A socket that was given up may still speak: only the present one is listened to.
    const mine = (act) => (event) => socket === this.socket && act(event);
    socket.onopen = mine(() => socket.send(JSON.stringify(this.hello())));
    socket.onmessage = mine((event) => this.hear(event.data));
    socket.onclose = mine(() => this.lost());
  }

  leave() {
    const socket = this.socket;
    this.socket = null;
    this.ready = false;
    if (socket) socket.close();
  }

  hear(data) {
    this.heard = Date.now();
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    if (frame.type === "ping") {
      this.pinged = true;
      this.socket.send('{"type":"pong"}');
      return;
    }
    if (frame.type === "ready") {
      this.ready = true;
      this.onState("ready");
    }
    this.onFrame(frame);
  }

  lost() {
    const held = this.ready ? Date.now() - this.opened : 0;
    const refused = !this.ready;
    this.leave();
    if (!this.running) return;
    this.attempt = held > STEADY_AFTER ? 0 : this.attempt + 1;
    this.timer = setTimeout(() => this.connect(), backOff(this.attempt));
    this.onState("waiting");
    if (refused) this.onRefused();
  }

  checkPulse() {
    const quiet = Date.now() - this.heard;
    if (this.socket && !this.ready && quiet > READY_WITHIN) this.lost();
    else if (this.ready && this.pinged && quiet > SILENCE_LIMIT) this.restart();
  }

  /** A phone that wakes up or finds a network again should not sit out the back-off. */
  watchWakeUps() {
    window.addEventListener("online", () => this.restart());
    window.addEventListener("offline", () => this.onState("waiting"));
    window.addEventListener("pageshow", (event) => event.persisted && this.restart());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") return;
      const fresh = this.socket && Date.now() - this.heard < STALE_AFTER;
      if (!fresh) this.restart();
    });
  }
}
