// Plain JavaScript: the browser's WebSocket alone, once answering in its events, as a page does, and once with a queue
// that is emptied in every frame, as a game does.

/** The load of both clients: a new message for each that comes back, and a check of each. */
class Plain {
    constructor(url, bytes, isText) {
        this.bytes = bytes;
        this.isText = isText;
        this.messages = ["a", "b"].map((letter) => {
            const text = letter.repeat(bytes);
            return isText ? text : new TextEncoder().encode(text);
        });
        this.sent = this.received = this.end = 0;
        this.socket = new WebSocket(url);
        this.socket.binaryType = "arraybuffer";
    }

    begin(count, inFlight) {
        this.end = this.received + count;
        for (let number = 0; number < Math.min(count, inFlight); number++) this.send();
    }

    take(data) {
        if (!this.isExpected(data)) throw new Error("a received message is wrong");
        this.received++;
        if (this.sent !== this.end) this.send();
    }

    send() {
        this.socket.send(this.messages[this.sent++ % 2]);
    }

    isExpected(data) {
        const sent = this.messages[this.received % 2], last = this.bytes - 1;
        if (this.isText) {
            return data.length === this.bytes && data[0] === sent[0] && data[last] === sent[last];
        }
        const bytes = new Uint8Array(data);
        return bytes.length === this.bytes && bytes[0] === sent[0] && bytes[last] === sent[last];
    }

    close() {
        this.socket.close();
    }
}

/** Answers each message in its event. */
export class PlainEvents extends Plain {
    async open() {
        await opened(this.socket);
        this.socket.onmessage = (event) => {
            this.take(event.data);
            if (this.received === this.end) this.done();
        };
    }

    run(count, inFlight) {
        return new Promise((resolve, reject) => {
            this.done = resolve;
            this.socket.onclose = () => reject(new Error("the connection ended"));
            this.begin(count, inFlight);
        });
    }
}

/**
 * Answers each message in its event, and also does what a program in WebAssembly cannot avoid: each message is copied into its
 * memory, as UTF-8 if it is text, and is sent from there.
 */
export class CopyingEvents extends PlainEvents {
    constructor(url, bytes, isText) {
        super(url, bytes, isText);
        const pages = Math.ceil((3 * bytes) / 65536);
        this.memory = new Uint8Array(new WebAssembly.Memory({ initial: pages }).buffer);
        this.encoder = new TextEncoder();
        this.decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
        ["a", "b"].forEach((letter, place) => this.encoder.encodeInto(letter.repeat(bytes), this.at(place)));
    }

    /** Returns the memory of one of the two messages to send, or of the one that was received. */
    at(place) {
        return this.memory.subarray(place * this.bytes, (place + 1) * this.bytes);
    }

    send() {
        const message = this.at(this.sent++ % 2);
        this.socket.send(this.isText ? this.decoder.decode(message) : message);
    }

    isExpected(data) {
        const received = this.at(2), sent = this.at(this.received % 2), last = this.bytes - 1;
        const length = this.isText
            ? this.encoder.encodeInto(data, received).read
            : (received.set(new Uint8Array(data)), data.byteLength);
        return length === this.bytes && received[0] === sent[0] && received[last] === sent[last];
    }
}

/** Queues messages, and answers them when it is polled. */
export class PlainPolled extends Plain {
    queue = [];

    async open() {
        await opened(this.socket);
        this.socket.onmessage = (event) => this.queue.push(event.data);
    }

    frame() {
        for (const data of this.queue) this.take(data);
        this.queue.length = 0;
        return this.received === this.end;
    }
}

function opened(socket) {
    return new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onclose = () => reject(new Error("no connection"));
    });
}
