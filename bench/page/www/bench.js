// Runs the clients in turns, and stores the results in the document for the program that drives the browser.

import init, { Ewebsock, Ours, OursWoken } from "./pkg/page.js";
import { PlainEvents, PlainPolled } from "./plain.js";

const KIB = 1024, MIB = 1024 * KIB;
const LOADS = [
    { bytes: 64, inFlight: 1 },
    { bytes: 64, inFlight: 64 },
    { bytes: KIB, inFlight: 16 },
    { bytes: MIB, inFlight: 2 },
];

const params = new URLSearchParams(location.search);
const url = params.get("server"), rounds = Number(params.get("rounds")), slice = Number(params.get("slice"));

/**
 * Calls `frame` repeatedly, each time in a new task so that other tasks can run, until it returns `true`. A `MessageChannel` would
 * do the same at a higher cost.
 */
async function poll(frame) {
    while (!(await scheduler.postTask(frame)));
}

/** Wraps a client that answers in events, and calls back when it is open and when a run is over. */
function withCallback(make) {
    let done;
    const whenDone = () => new Promise((resolve, reject) => {
        done = (error) => (error === undefined ? resolve() : reject(new Error(error)));
    });
    const opened = whenDone();
    const client = make((error) => done(error));
    return {
        open: () => opened,
        run(count, inFlight) {
            const ended = whenDone();
            client.begin(count, inFlight);
            return ended;
        },
        client,
        close: () => client.close(),
    };
}

/** The clients, with a common interface: `open`, `run` a number of messages, `close`. */
const CLIENTS = {
    woken: (bytes, isText) => withCallback((done) => new OursWoken(url, bytes, isText, done)),
    ours(bytes, isText) {
        const ours = new Ours(url, bytes, isText);
        return {
            open: () => poll(() => ours.frame()),
            run(count, inFlight) {
                ours.begin(count, inFlight);
                return poll(() => ours.frame());
            },
            close: () => ours.free(),
        };
    },
    events: (bytes, isText) => new PlainEvents(url, bytes, isText),
    polled(bytes, isText) {
        const plain = new PlainPolled(url, bytes, isText);
        return {
            open: () => plain.open(),
            run(count, inFlight) {
                plain.begin(count, inFlight);
                return poll(() => plain.frame());
            },
            close: () => plain.close(),
        };
    },
    ewebsock: (bytes, isText) => withCallback((done) => new Ewebsock(url, bytes, isText, done)),
};

/** Returns the messages per second over `count` messages. */
async function rate(client, count, inFlight) {
    const start = performance.now();
    await client.run(count, inFlight);
    return (count * 1000) / (performance.now() - start);
}

/** Returns the number of messages that fill a slice of time. Finding out also warms up the client. */
async function messagesPerSlice(client, inFlight) {
    for (let count = inFlight; ; count *= 2) {
        const measured = await rate(client, count, inFlight);
        if ((count * 1000) / measured > slice / 2) return Math.ceil((measured * slice) / 1000);
    }
}

/** Returns the rate of each client in each round. The order of the clients rotates. */
async function compare({ bytes, inFlight }, isText) {
    const names = Object.keys(CLIENTS), clients = {}, counts = {}, rates = {};
    for (const name of names) {
        clients[name] = CLIENTS[name](bytes, isText);
        await clients[name].open();
        counts[name] = await messagesPerSlice(clients[name], inFlight);
        rates[name] = [];
    }
    for (let round = 0; round < rounds; round++) {
        for (const name of [...names.slice(round % names.length), ...names.slice(0, round % names.length)]) {
            rates[name].push(await rate(clients[name], counts[name], inFlight));
        }
    }
    const outOfOrder = clients.ewebsock.client.out_of_order();
    for (const name of names) clients[name].close();
    return { bytes, inFlight, isText, rates, outOfOrder };
}

async function main() {
    await init();
    const rows = [];
    for (const isText of [false, true]) {
        for (const load of LOADS) rows.push(await compare(load, isText));
    }
    return { browser: navigator.userAgent, rows };
}

const { dataset } = document.documentElement;
main().then(
    (result) => (dataset.result = JSON.stringify(result)),
    (error) => (dataset.failure = `${error}\n${error.stack ?? ""}`),
);
