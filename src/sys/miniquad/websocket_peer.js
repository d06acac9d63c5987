// The JavaScript part of websocket-peer for pages without wasm-bindgen: the Rust crate's feature `miniquad`.
//
// In a page of miniquad or macroquad, load it after the loader and before the game:
//
//     <script src="mq_js_bundle.js"></script>
//     <script src="websocket_peer.js"></script>
//     <script>load("game.wasm");</script>
//
// With another loader, pass `websocket_peer_plugin.imports` to WebAssembly as imports of the module `env`, and call
// `websocket_peer_plugin.bind(instance.exports)` before the program's first call.
//
// The functions below are the whole interface. Addresses, lengths and ids are 32-bit numbers; text is UTF-8. The program
// checks what they return. No function throws. The program exports its `memory` and `websocket_peer_wake(id, reason)`,
// which is called from events of the browser only, never within a call of the program.

"use strict";

var websocket_peer_plugin = (() => {
    // `INTERFACE_VERSION` in imports.rs.
    const VERSION = 1;

    // Answers of `websocket_peer_end`; others are close codes.
    const NOT_ENDED = 0;
    const MESSAGE_TOO_BIG = 1;
    const BACKLOG_FULL = 2;
    const NO_CLOSE_FRAME = 1006;

    // Reasons of `websocket_peer_wake`.
    const EVENT = 0;
    const TASK_ENDED = 1;
    const TIMER = 2;

    // After these events connections are often dead without a close. Each is passed on while the page is visible.
    const SIGNALS_OF_SCOPE = ["online", "offline", "pageshow"];
    const SIGNAL_OF_DOCUMENT = "visibilitychange";

    const encoder = new TextEncoder();
    // Without `ignoreBOM` it would remove the first character of a text that begins with U+FEFF.
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

    const sockets = new Map();
    let lastId = 0;
    let bound = null;

    // miniquad's loader declares `wasm_exports`, and sets it before the program runs.
    const program = () => bound ?? wasm_exports;

    const view = (address, length) => new Uint8Array(program().memory.buffer, address >>> 0, length >>> 0);

    // Browsers neither decode nor send memory that threads share, so that is copied first.
    const read = (address, length) => {
        const bytes = view(address, length);
        return bytes.buffer instanceof ArrayBuffer ? bytes : bytes.slice();
    };

    const text = (address, length) => decoder.decode(read(address, length));

    // Copies as many bytes as there is room for, and returns their number.
    const write = (bytes, address, room) => {
        const target = view(address, room);
        target.set(bytes.subarray(0, target.length));
        return Math.min(bytes.length, target.length);
    };

    const wake = (id, reason) => {
        if (sockets.has(id)) {
            program().websocket_peer_wake(id, reason);
        }
    };

    // The packets of one socket that the program has not taken, within limits: the browser has no backpressure.
    class Backlog {
        constructor(maxMessageSize, maxBytes, maxPackets) {
            this.maxMessageSize = maxMessageSize;
            this.maxBytes = maxBytes;
            this.maxPackets = maxPackets;
            this.packets = [];
            this.first = 0;
            this.bytes = 0;
        }

        // Returns NOT_ENDED, or the limit that the message exceeds.
        add(data) {
            const isText = typeof data === "string";
            // Each unit of UTF-16 takes at least one byte of UTF-8.
            if ((isText ? data.length : data.byteLength) > this.maxMessageSize) {
                return MESSAGE_TOO_BIG;
            }
            const bytes = isText ? encoder.encode(data) : new Uint8Array(data);
            if (bytes.length > this.maxMessageSize) {
                return MESSAGE_TOO_BIG;
            }
            const count = this.packets.length - this.first;
            if (count >= this.maxPackets || bytes.length > this.maxBytes - this.bytes) {
                return BACKLOG_FULL;
            }
            this.bytes += bytes.length;
            this.packets.push({ bytes, isText });
            return NOT_ENDED;
        }

        peek() {
            return this.packets[this.first];
        }

        take() {
            const packet = this.packets[this.first];
            this.packets[this.first] = undefined;
            this.first += 1;
            this.bytes -= packet.bytes.length;
            // Moving the rest seldom keeps each call cheap and the array small.
            if (2 * this.first >= this.packets.length) {
                this.packets = this.packets.slice(this.first);
                this.first = 0;
            }
            return packet;
        }
    }

    class Socket {
        constructor(id, offered, backlog) {
            this.id = id;
            this.offered = offered;
            this.backlog = backlog;
            this.webSocket = null;
            this.isOpen = false;
            this.end = NOT_ENDED;
            this.reason = "";
            this.timer = undefined;
            this.hasSignal = false;
            this.onSignal = null;
        }

        connect(url) {
            try {
                this.webSocket = new WebSocket(url, this.offered);
            } catch {
                // Other browsers report the same with an event: a `ws:` URL in an `https:` page, or a policy.
                this.setEnd(NO_CLOSE_FRAME, "");
                // Not within this call of the program.
                queueMicrotask(() => wake(this.id, EVENT));
                return;
            }
            // The default, `blob`, would have to be read in another task, out of order with text.
            this.webSocket.binaryType = "arraybuffer";
            this.webSocket.onopen = () => this.opened();
            this.webSocket.onmessage = (event) => this.received(event.data);
            this.webSocket.onclose = (event) => {
                this.setEnd(event.code, event.reason);
                wake(this.id, EVENT);
            };
        }

        opened() {
            const chosen = this.webSocket.protocol;
            if (chosen === "" || this.offered.includes(chosen)) {
                this.isOpen = true;
            } else {
                // WebKit accepts `CHAT` if `chat` was offered, which RFC 6455, 4.1, does not allow.
                this.setEnd(NO_CLOSE_FRAME, "");
            }
            wake(this.id, EVENT);
        }

        received(data) {
            if (this.end === NOT_ENDED) {
                const exceeded = this.backlog.add(data);
                if (exceeded !== NOT_ENDED) {
                    this.setEnd(exceeded, "");
                    // At once, because a hostile server could send without limit until the next poll. Browsers do not
                    // let a page send 1009 and 1008.
                    const isTooBig = exceeded === MESSAGE_TOO_BIG;
                    this.close(isTooBig ? 4009 : 4008, isTooBig ? "message too big" : "backlog full");
                }
            }
            wake(this.id, EVENT);
        }

        // The first end counts.
        setEnd(end, reason) {
            if (this.end === NOT_ENDED) {
                this.end = end;
                this.reason = reason;
            }
        }

        // Returns `true` if the browser took what `data` returns. It may be too long for the engine's strings.
        send(data) {
            try {
                this.webSocket.send(data());
                return true;
            } catch {
                return false;
            }
        }

        close(code, reason) {
            try {
                this.webSocket?.close(code, reason);
            } catch {
                // The browser allows no such code or reason. The program passes only others, but a close must not fail.
                this.webSocket.close();
            }
        }

        listen() {
            this.onSignal = () => {
                if (globalThis.document?.visibilityState !== "hidden") {
                    this.hasSignal = true;
                    wake(this.id, EVENT);
                }
            };
            // Node's scope has no events.
            SIGNALS_OF_SCOPE.forEach((name) => globalThis.addEventListener?.(name, this.onSignal));
            globalThis.document?.addEventListener(SIGNAL_OF_DOCUMENT, this.onSignal);
        }

        drop() {
            clearTimeout(this.timer);
            if (this.onSignal !== null) {
                SIGNALS_OF_SCOPE.forEach((name) => globalThis.removeEventListener?.(name, this.onSignal));
                globalThis.document?.removeEventListener(SIGNAL_OF_DOCUMENT, this.onSignal);
            }
            if (this.webSocket !== null) {
                this.webSocket.onopen = this.webSocket.onmessage = this.webSocket.onclose = null;
                // Aborts a connection that is being made. Sends a close frame without a code on an open one.
                this.webSocket.close();
            }
        }
    }

    const imports = {
        // Returns the id of a new connection, which is never 0. `protocols` is a list with commas.
        websocket_peer_connect(
            url, urlLength, protocols, protocolsLength, maxMessageSize, maxBytes, maxPackets,
        ) {
            do {
                lastId = (lastId + 1) >>> 0;
            } while (lastId === 0 || sockets.has(lastId));
            const offered = protocolsLength === 0 ? [] : text(protocols, protocolsLength).split(",");
            const backlog = new Backlog(maxMessageSize >>> 0, maxBytes >>> 0, maxPackets >>> 0);
            const socket = new Socket(lastId, offered, backlog);
            sockets.set(socket.id, socket);
            socket.connect(text(url, urlLength));
            return socket.id;
        },

        // Ends the connection. Its id is not used any more.
        websocket_peer_drop(id) {
            const socket = sockets.get(id >>> 0);
            sockets.delete(id >>> 0);
            socket?.drop();
        },

        // Returns 1 if the connection has opened, even if it has ended since.
        websocket_peer_is_open(id) {
            return sockets.get(id >>> 0)?.isOpen ? 1 : 0;
        },

        // Returns the place of the chosen sub-protocol in the list of those that were offered, or -1 for none.
        websocket_peer_protocol(id) {
            const socket = sockets.get(id >>> 0);
            return socket?.webSocket ? socket.offered.indexOf(socket.webSocket.protocol) : -1;
        },

        // Returns the size of the next packet in bytes, or -1 if there is none.
        websocket_peer_next_size(id) {
            return sockets.get(id >>> 0)?.backlog.peek()?.bytes.length ?? -1;
        },

        // Takes the next packet, if `room` is exactly its size. Returns 0 for text, 1 for binary data, and -1 if nothing
        // was taken.
        websocket_peer_take(id, address, room) {
            const backlog = sockets.get(id >>> 0)?.backlog;
            if (backlog?.peek()?.bytes.length !== room >>> 0) {
                return -1;
            }
            const { bytes, isText } = backlog.take();
            write(bytes, address, room);
            return isText ? 0 : 1;
        },

        // Returns 0 for a connection that has not ended, 1 after a message that was too big, 2 if the backlog was full,
        // and otherwise the code of the browser's `close` event.
        websocket_peer_end(id) {
            return sockets.get(id >>> 0)?.end ?? NO_CLOSE_FRAME;
        },

        // Writes the reason of the end, and returns the number of bytes.
        websocket_peer_end_reason(id, address, room) {
            return write(encoder.encode(sockets.get(id >>> 0)?.reason ?? ""), address, room);
        },

        // Returns 1 if the browser took the packet.
        websocket_peer_send_text(id, address, length) {
            return sockets.get(id >>> 0)?.send(() => text(address, length)) ? 1 : 0;
        },

        websocket_peer_send_binary(id, address, length) {
            return sockets.get(id >>> 0)?.send(() => read(address, length)) ? 1 : 0;
        },

        // Returns the number of payload bytes that the network has not taken, as a 64-bit float.
        websocket_peer_buffered(id) {
            return sockets.get(id >>> 0)?.webSocket?.bufferedAmount ?? 0;
        },

        // Begins the closing handshake.
        websocket_peer_close(id, code, reason, reasonLength) {
            sockets.get(id >>> 0)?.close(code, text(reason, reasonLength));
        },

        // Begins to listen for signals of the page. Each also wakes the program.
        websocket_peer_listen(id) {
            sockets.get(id >>> 0)?.listen();
        },

        // Returns 1 if there was a signal since the last call.
        websocket_peer_take_signal(id) {
            const socket = sockets.get(id >>> 0);
            const had = socket?.hasSignal ?? false;
            if (had) {
                socket.hasSignal = false;
            }
            return had ? 1 : 0;
        },

        // Replaces the timer of the connection, which wakes the program after this time.
        websocket_peer_start_timer(id, milliseconds) {
            const socket = sockets.get(id >>> 0);
            if (socket) {
                clearTimeout(socket.timer);
                socket.timer = setTimeout(() => wake(socket.id, TIMER), milliseconds);
            }
        },

        // Wakes the program when the current task of the page has ended.
        websocket_peer_wake_later(id) {
            queueMicrotask(() => wake(id >>> 0, TASK_ENDED));
        },

        // Returns the time since the page began in milliseconds, as a 64-bit float.
        websocket_peer_now() {
            return performance.now();
        },

        // Returns the time since 1970 in milliseconds, as a 64-bit float.
        websocket_peer_calendar() {
            return Date.now();
        },
    };

    const plugin = {
        name: "websocket_peer",
        version: VERSION,
        imports,
        bind(exports) {
            bound = exports;
        },
        register_plugin(importObject) {
            Object.assign(importObject.env, imports);
        },
    };
    if (typeof miniquad_add_plugin === "function") {
        miniquad_add_plugin(plugin);
    }
    return plugin;
})();
