// Runs the clients in turns, and stores the results in the document for the program that drives the browser.

import init, { Ewebsock, Ours, OursWoken } from "./pkg/page.js";
import { CopyingEvents, PlainEvents, PlainPolled } from "./plain.js";

const KIB = 1024, MIB = 1024 * KIB;
const LOADS = [
    { bytes: 64, inFlight: 1 },
    { bytes: 64, inFlight: 64 },
    { bytes: KIB, inFlight: 16 },
    { bytes: MIB, inFlight: 2 },
];

const params = new URLSearchParams(location.search);
const url = params.get("server");
const [sittings, turns, slice] = ["sittings", "turns", "slice"].map((name) => Number(params.get(name)));

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
    copying: (bytes, isText) => new CopyingEvents(url, bytes, isText),
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
async function messagesPerSlice(client, inFlight, time) {
    for (let count = inFlight; ; count *= 2) {
        const measured = await rate(client, count, inFlight);
        if ((count * 1000) / measured > time / 2) return Math.ceil((measured * time) / 1000);
    }
}

/** The clients that are compared. Their slices are neighbours, so that a slow change of the machine affects them equally. */
const GROUPS = [["events", "woken", "copying"], ["ours", "polled"]];

/** The client that is measured beside them, in every fourth turn. */
const OTHER = "ewebsock";

/** Calls `measure` with the name of each client in each turn. Each group is measured in both orders alternately. */
async function takeTurns(measure) {
    for (let turn = 0; turn < turns; turn++) {
        for (const group of GROUPS) {
            for (const name of turn % 2 === 0 ? group : group.toReversed()) await measure(name);
        }
        if (turn % 4 === 0) await measure(OTHER);
    }
}

/** Returns the rates of each client on its own connection, in the order of the turns, and what ewebsock reordered. */
async function sit({ bytes, inFlight }, isText) {
    // Slices of large messages are longer, so that they have enough of them.
    const time = bytes >= MIB ? 2 * slice : slice, clients = {}, counts = {}, rates = {};
    for (const name of [...GROUPS.flat(), OTHER]) {
        clients[name] = CLIENTS[name](bytes, isText);
        await clients[name].open();
        counts[name] = await messagesPerSlice(clients[name], inFlight, time);
        rates[name] = [];
    }
    await takeTurns(async (name) => rates[name].push(await rate(clients[name], counts[name], inFlight)));
    const outOfOrder = clients[OTHER].client.out_of_order();
    for (const client of Object.values(clients)) client.close();
    return { rates, outOfOrder };
}

/**
 * Uses each client until the browser has compiled its code with the optimizing compilers. A slice of few messages is too short
 * for that, and in WebAssembly's case so are many of them.
 */
async function warmUp() {
    const bytes = 64, inFlight = 64, count = 8192;
    for (const isText of [false, true]) {
        for (const make of Object.values(CLIENTS)) {
            const client = make(bytes, isText);
            await client.open();
            await client.run(count, inFlight);
            client.close();
        }
    }
}

/** Returns the results of all sittings. Each has new connections, because one may be faster than another. */
async function compare(load, isText) {
    const row = { ...load, isText, rates: {}, outOfOrder: 0 };
    for (let sitting = 0; sitting < sittings; sitting++) {
        const { rates, outOfOrder } = await sit(load, isText);
        for (const name in rates) (row.rates[name] ??= []).push(...rates[name]);
        row.outOfOrder += outOfOrder;
    }
    return row;
}

async function main() {
    await init();
    await warmUp();
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
