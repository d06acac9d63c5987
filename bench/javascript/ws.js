// An echo server on the package `ws` for Node, with the same command line as the other servers: ADDR [--max-message BYTES]
// [--hz N] [--broadcast]. `NODE_PATH` leads to the package, and to `bufferutil`, which it uses if it is there.
"use strict";

const { WebSocket, WebSocketServer } = require("ws");

const [address, ...options] = process.argv.slice(2);
const [, host, port] = address.match(/^(.*):(\d+)$/);
const broadcast = options.includes("--broadcast");
const maxMessage = options.includes("--max-message") ? Number(options[options.indexOf("--max-message") + 1]) : 65536;

const server = new WebSocketServer({ host, port: Number(port), maxPayload: maxMessage, perMessageDeflate: false });
server.on("listening", () => console.log(`Listening on ws://${host}:${server.address().port}`));
server.on("connection", (socket) => {
  socket.on("error", (error) => console.error(`a connection ended: ${error.message}`));
  socket.on("message", (data, binary) => {
    const receivers = broadcast ? server.clients : [socket];
    for (const receiver of receivers) {
      if (receiver.readyState === WebSocket.OPEN) {
        receiver.send(data, { binary });
      }
    }
  });
});
