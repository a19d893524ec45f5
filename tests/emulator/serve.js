"use strict";

// Runs the Bot API emulator in a process of its own: `node serve.js <port>`. Its client half (/sendMessage,
// /sendCommand, /sendCallback, /getUpdates) is what the tests use as the borrower's phone.
const express = require("express");
const { routes } = require("telegram-test-api/lib/routes");
const { TelegramServer } = require("telegram-test-api/lib/telegramServer");

// The emulator knows no files: these arrive as messages, their caption as text, name and content beside it.
routes.unshift((app, server) => {
  const body = express.raw({ type: "multipart/form-data", limit: "20mb" });
  app.post("/bot:token/:method(sendPhoto|sendDocument)", body, (req, res) => {
    const field = req.params.method === "sendPhoto" ? "photo" : "document";
    const { [field]: file, caption, ...rest } = parts(req);
    if (!file || !file.content) {
      res.sendError(new Error(`Bad Request: there is no ${field} in the request`));
      return;
    }
    const result = server.addBotMessage({ ...rest, caption, text: caption, [field]: file }, req.params.token);
    res.sendResult({ ok: true, result });
  });
});

/** The fields of a multipart body: texts, and files as {name, content}, the content in base 64. */
function parts(req) {
  const boundary = /boundary="?([^";]+)/.exec(req.headers["content-type"])[1];
  const fields = {};
  for (const part of req.body.toString("latin1").split(`--${boundary}`).slice(1, -1)) {
    const gap = part.indexOf("\r\n\r\n");
    const head = Buffer.from(part.slice(0, gap), "latin1").toString();
    const content = Buffer.from(part.slice(gap + 4, -2), "latin1");
    const filename = /filename="([^"]*)"/.exec(head);
    const name = /[ ;]name="([^"]*)"/.exec(head)[1];
    fields[name] = filename ? { name: filename[1], content: content.toString("base64") } : content.toString();
  }
  return fields;
}

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
