// A client on Node's `ws`: `client.mjs URL COMMAND [ARGUMENT]`. Prints the result.
//
// echo SIZES: sends text and binary of each size and compares what comes back; ping: pings; close: closes with a code and
// a reason; send N: sends N bytes and waits for the end; wait: prints messages until the end.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";

// The package is in the working directory, not beside this file.
const { WebSocket } = createRequire(`${process.cwd()}/`)("ws");

const commands = {
  async echo(connection, sizes) {
    let count = 0;
    for (const size of sizes.split(",").map(Number)) {
      const bytes = Buffer.from(Array.from({ length: size }, (_, index) => index % 251));
      for (const packet of ["x".repeat(size), bytes]) {
        connection.send(packet);
        const [data, isBinary] = await once(connection, "message");
        assert.equal(isBinary, typeof packet !== "string");
        assert.ok(data.equals(Buffer.from(packet)), `${size}`);
        count += 1;
      }
    }
    connection.close(1000);
    await once(connection, "close");
    console.log(`${count} packets came back as they went`);
  },

  async ping(connection) {
    connection.ping("beat");
    const [payload] = await once(connection, "pong");
    console.log(`pong ${payload}`);
    connection.close();
  },

  async close(connection) {
    connection.close(4001, "enough, grüße");
    await end(connection);
  },

  async send(connection, size) {
    connection.send(Buffer.alloc(Number(size)));
    await end(connection);
  },

  async wait(connection) {
    connection.on("message", (data, isBinary) => console.log(isBinary ? "binary" : "text", data.length));
    await end(connection);
  },
};

async function end(connection) {
  const [code, reason] = await once(connection, "close");
  console.log("closed", code, reason.toString());
}

const [url, command, ...args] = process.argv.slice(2);
const connection = new WebSocket(url);
connection.on("open", () => commands[command](connection, ...args));
