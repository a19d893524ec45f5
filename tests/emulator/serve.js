"use strict";

// Runs the Bot API emulator in a process of its own: `node serve.js <port>`. Its client half (/sendMessage,
// /sendCommand, /sendCallback, /getUpdates) is what the tests use as the borrower's phone.
const { TelegramServer } = require("telegram-test-api/lib/telegramServer");

const server = new TelegramServer({ host: "127.0.0.1", port: Number(process.argv[2]), storeTimeout: 3600 });

server.start().then(
  () => console.log("ready"),
  (error) => {
    console.error(String(error));
    process.exit(1);
  },
);
// The tests hold the other end of this pipe: when they are gone, so is the emulator.
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
