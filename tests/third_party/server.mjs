// A server on Node's `ws`. Prints its URL, then each message, and how each connection ended.
//
// / echoes; /ping pings, waits for the pong and sends a text about it; /send/N sends N bytes; /close/CODE closes.

import { createRequire } from "node:module";

// The package is in the working directory, not beside this file.
const { WebSocketServer } = createRequire(`${process.cwd()}/`)("ws");

const handleProtocols = (offered) => (offered.has("game") ? "game" : false);
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols });

server.on("listening", () => console.log(`ws://127.0.0.1:${server.address().port}`));

server.on("connection", (connection, request) => {
  connection.on("message", (data, isBinary) => {
    console.log(isBinary ? "binary" : "text", data.length);
    connection.send(data, { binary: isBinary });
  });
  connection.on("close", (code, reason) => console.log("closed", code, reason.toString()));
  connection.on("error", (error) => console.error(error.message));

  const [command, argument] = request.url.slice(1).split("/");
  if (command === "ping") {
    connection.on("pong", (payload) => connection.send(`pong ${payload}`));
    connection.ping("beat");
  } else if (command === "send") {
    connection.send(Buffer.alloc(Number(argument)));
  } else if (command === "close") {
    connection.close(Number(argument), "go");
  }
});
