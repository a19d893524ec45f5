// What the console does in the browser: sending by key, following the thread, alerts that are seen and heard.
(() => {
  const NEAR = 80;
  let draft = { text: null, key: null };
  let audio = null;

  const thread = () => document.querySelector(".thread");

  function newKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function isSendKey(event) {
    return event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing;
  }

  window.grace = {
    // The same words keep their key until the server has taken them, so a repeated press is one message.
    send(event, emit) {
      if (event.type === "keydown" && !isSendKey(event)) return;
      event.preventDefault();
      const text = document.querySelector(".reply textarea").value.trim();
      if (!text) return;
      if (draft.text !== text) draft = { text, key: newKey() };
      emit(draft);
    },

    // Empties the box, unless other words were typed meanwhile.
    sent(key) {
      const box = document.querySelector(".reply textarea");
      if (draft.key !== key) return;
      if (box && box.value.trim() === draft.text) {
        box.value = "";
        box.dispatchEvent(new Event("input", { bubbles: true }));
        box.focus();
      }
      draft = { text: null, key: null };
    },

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

    alert(sound) {
      if (document.hidden && !document.title.startsWith("● ")) document.title = `● ${document.title}`;
      if (sound) this.chime();
    },
  };

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) document.title = document.title.replace(/^● /, "");
  });
})();
