// Lets the clients take turns, and leaves what they reached for whoever drives the browser.

import init, { Ewebsock, Ours, OursWoken } from "./pkg/page.js";
import { PlainEvents, PlainPolled } from "./plain.js";

const KIB = 1024, MIB = 1024 * KIB;
const LOADS = [
    { bytes: 64, inFlight: 1 },
    { bytes: 64, inFlight: 64 },
    { bytes: KIB, inFlight: 16 },
    { bytes: MIB, inFlight: 2 },
];

const asked = new URLSearchParams(location.search);
const url = asked.get("server"), rounds = Number(asked.get("rounds")), slice = Number(asked.get("slice"));

/**
 * Calls `frame` again and again, each time in a task of its own, until it says that this is enough. Other tasks have their
 * turn in between. A `MessageChannel` would do the same, and costs more.
 */
async function poll(frame) {
    while (!(await scheduler.postTask(frame)));
}

/** A client that is answered in events, and tells by a callback when it is open and when a run is over. */
function told(make) {
    let done;
    const whenDone = () => new Promise((resolve, reject) => {
        done = (problem) => (problem === undefined ? resolve() : reject(new Error(problem)));
    });
    const opened = whenDone();
    const client = make((problem) => done(problem));
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

/** What is common to the clients: `open`, `run` so many messages, `close`. Only one of them lets messages overtake. */
const CLIENTS = {
    woken: (bytes, isText) => told((done) => new OursWoken(url, bytes, isText, done)),
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
    ewebsock: (bytes, isText) => told((done) => new Ewebsock(url, bytes, isText, done)),
};

/** How many messages a second come back, over so many of them. */
async function rate(client, count, inFlight) {
    const start = performance.now();
    await client.run(count, inFlight);
    return (count * 1000) / (performance.now() - start);
}

/** How many messages fill a slice of time. By the time that is known, everything is warm. */
async function fill(client, inFlight) {
    for (let count = inFlight; ; count *= 2) {
        const reached = await rate(client, count, inFlight);
        if ((count * 1000) / reached > slice / 2) return Math.ceil((reached * slice) / 1000);
    }
}

/** The rate of each client in each round. They take turns, each time in another order. */
async function compare({ bytes, inFlight }, isText) {
    const names = Object.keys(CLIENTS), clients = {}, counts = {}, rates = {};
    for (const name of names) {
        clients[name] = CLIENTS[name](bytes, isText);
        await clients[name].open();
        counts[name] = await fill(clients[name], inFlight);
        rates[name] = [];
    }
    for (let round = 0; round < rounds; round++) {
        for (const name of [...names.slice(round % names.length), ...names.slice(0, round % names.length)]) {
            rates[name].push(await rate(clients[name], counts[name], inFlight));
        }
    }
    const overtaken = clients.ewebsock.client.overtaken();
    for (const name of names) clients[name].close();
    return { bytes, inFlight, isText, rates, overtaken };
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
