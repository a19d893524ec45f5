// What the console does in the browser: sending by key, following the thread, alerts that are seen and heard.
(() => {
  const NEAR = 80;
  let audio = null;
  const AGAIN = 20000;
  const MOST = 3;
  let bell = { sound: false, title: "", calls: [] };
  let ringing = 0;
  let blinking = 0;

  const thread = () => document.querySelector(".thread");

  window.grace = {
    // Read from the fields themselves: what a password manager filled in may have made no event.
    credentials(event, emit) {
      event.preventDefault();
      const [login, password] = [...event.target.querySelectorAll("input")].map((field) => field.value);
      emit({ login, password });
    },

    // Keeps the newest message in view, unless the reader has scrolled up.
    follow() {
      const place = thread();
      let atEnd = true;
      const toEnd = () => {
        place.scrollTop = place.scrollHeight;
      };
      place.addEventListener("scroll", () => {
        atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < NEAR;
        if (atEnd) place.parentElement.classList.remove("has-news");
      });
      let last = place.lastElementChild;
      new MutationObserver(() => {
        if (atEnd) toEnd();
        else if (place.lastElementChild !== last) place.parentElement.classList.add("has-news");
        last = place.lastElementChild;
      }).observe(place, { childList: true, subtree: true, characterData: true });
      new ResizeObserver(() => atEnd && toEnd()).observe(place);
      // A picture has its height only once it has come.
      place.addEventListener("load", () => atEnd && toEnd(), true);
      toEnd();
    },

    jump() {
      const place = thread();
      place.scrollTop = place.scrollHeight;
    },

    // Two soft notes; browsers allow them once the agent has clicked anywhere.
    chime() {
      audio ??= new AudioContext();
      audio.resume();
      [660, 880].forEach((pitch, place) => {
        const start = audio.currentTime + place * 0.18;
        const tone = audio.createOscillator();
        const volume = audio.createGain();
        tone.frequency.value = pitch;
        volume.gain.setValueAtTime(0, start);
        volume.gain.linearRampToValueAtTime(0.15, start + 0.02);
        volume.gain.exponentialRampToValueAtTime(0.001, start + 0.4);
        tone.connect(volume).connect(audio.destination);
        tone.start(start);
        tone.stop(start + 0.45);
      });
    },

    // Rings for what waits until it is told otherwise: at once for a new one, then again and again.
    ring(given) {
      const before = new Set(bell.calls.map((one) => one.id));
      const news = given.calls.filter((one) => !before.has(one.id));
      bell = given;
      clearInterval(ringing);
      if (!given.calls.length) return quiet();
      if (news.length) sound(news);
      ringing = setInterval(() => sound(bell.calls), AGAIN);
    },

    // Asked for on a press only, as browsers want it.
    permit() {
      if ("Notification" in window && Notification.permission === "default") Notification.requestPermission();
    },
  };

  function sound(calls) {
    if (bell.sound) window.grace.chime();
    if (!document.hidden) return;
    blink();
    if (bell.sound && "Notification" in window && Notification.permission === "granted")
      for (const one of calls.slice(0, MOST)) {
        const shown = new Notification(bell.title, { body: one.said, tag: `grace-${one.id}`, renotify: true });
        shown.onclick = () => {
          window.focus();
          window.location.href = `/console/case/${one.id}`;
        };
      }
  }

  // The title changes to and fro while nobody looks.
  function blink() {
    if (blinking) return;
    blinking = setInterval(() => {
      if (!document.hidden || !bell.calls.length) return quiet();
      document.title = document.title.startsWith("● ") ? document.title.slice(2) : `● ${document.title}`;
    }, 1000);
    document.title = `● ${document.title}`;
  }

  function quiet() {
    clearInterval(blinking);
    blinking = 0;
    document.title = document.title.replace(/^● /, "");
  }

  document.addEventListener("visibilitychange", () => document.hidden || quiet());
})();
