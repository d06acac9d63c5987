// Runs every test that the module exports, each in an instance of its own: a panic leaves an instance unusable.

"use strict";

// The contract's tests, and those of `src/interface.rs`.
const CONTRACT = "contract_test_";
const INTERFACE = "interface_test_";

// xtask reads it.
var report = { isDone: false, passed: { contract: 0, interface: 0 }, failures: [], error: null };

// Why the current test failed.
let failure = null;

const fail = (message) => {
    failure ??= String(message);
};

// Exceptions of hooks, which are called by events of the browser.
addEventListener("error", (event) => fail(event.message));

const text = (address, length) =>
    new TextDecoder().decode(new Uint8Array(wasm_memory.buffer, address >>> 0, length >>> 0));

const TOOLS = {
    contract_fail: (address, length) => fail(text(address, length)),
    contract_dispatch(address, length) {
        const name = text(address, length);
        (name === "visibilitychange" ? document : globalThis).dispatchEvent(new Event(name));
    },
    contract_calendar: () => Date.now(),
    contract_random: () => Math.random(),
};

// Creates an instance as miniquad's loader does. Returns its exports.
async function instantiate(module, test) {
    const importObject = { env: { ...TOOLS } };
    plugins.forEach((plugin) => plugin.register_plugin(importObject));
    Object.assign(importObject.env, broken[test]?.(websocket_peer_plugin.imports, fail));
    const { exports } = await WebAssembly.instantiate(module, importObject);
    const isBound = test === "another_loader_can_bind_the_program";
    websocket_peer_plugin.bind(isBound ? exports : undefined);
    wasm_exports = isBound ? undefined : exports;
    wasm_memory = exports.memory;
    const version = exports.websocket_peer_crate_version();
    if (version !== websocket_peer_plugin.version) {
        throw new Error(`the module has version ${version} of the interface`);
    }
    return exports;
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

// Runs a test of the module.
async function run(module, test, name) {
    const exports = await instantiate(module, test);
    exports[name]();
    while (failure === null && exports.contract_step() === 0) {
        await turn();
    }
}

// Adds the outcome of a test to the report.
async function record(kind, test, work) {
    failure = null;
    try {
        await work();
    } catch (error) {
        // A panic has reported its message before the exception.
        fail(error);
    }
    if (failure === null) {
        report.passed[kind] += 1;
    } else {
        report.failures.push(`${test}: ${failure}`);
    }
    document.querySelector("#log").textContent = JSON.stringify(report, null, 1);
}

async function runAll() {
    const module = await WebAssembly.compileStreaming(fetch("/module/contract_miniquad.wasm"));
    const names = WebAssembly.Module.exports(module).map(({ name }) => name);
    for (const [kind, prefix] of [["contract", CONTRACT], ["interface", INTERFACE]]) {
        for (const name of names.filter((name) => name.startsWith(prefix))) {
            const test = name.slice(prefix.length);
            await record(kind, test, () => run(module, test, name));
        }
    }
    const unused = Object.keys(broken).filter((test) => !names.includes(INTERFACE + test));
    const imported = WebAssembly.Module.imports(module).map(({ name }) => name);
    unused.push(...Object.keys(websocket_peer_plugin.imports).filter((name) => !imported.includes(name)));
    if (unused.length > 0) {
        throw new Error(`nothing uses ${unused}`);
    }

    await instantiate(module, "");
    globalThis.WebSocket = FakeWebSocket;
    for (const [test, work] of Object.entries(backlogTests)) {
        await record("interface", test, work);
    }
}

runAll()
    .catch((error) => {
        report.error = String(error);
    })
    .finally(() => {
        report.isDone = true;
    });
