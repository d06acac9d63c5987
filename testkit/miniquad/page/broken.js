// For each test of `src/interface.rs`: what its page does to the functions of websocket_peer.js.

"use strict";

// The unbroken function.
const original = (imports, name) => imports[`websocket_peer_${name}`];

var broken = {
    // What loaders put in place of missing functions.
    a_page_without_the_file_is_an_error: (imports) =>
        Object.fromEntries(Object.keys(imports).map((name) => [name, () => undefined])),

    a_packet_larger_than_the_limit_is_not_read: (imports, fail) => ({
        websocket_peer_next_size: (id) => (original(imports, "next_size")(id) < 0 ? -1 : 0x7fff_ffff),
        websocket_peer_take: () => fail("the packet was read"),
    }),

    a_packet_that_cannot_be_taken_ends_the_connection: () => ({ websocket_peer_take: () => -1 }),

    text_that_is_not_utf8_ends_the_connection: (imports) => ({
        websocket_peer_take(id, address, room) {
            const kind = original(imports, "take")(id, address, room);
            new Uint8Array(wasm_memory.buffer, address, room).fill(0xff);
            return kind;
        },
    }),

    an_end_that_no_browser_reports_is_a_lost_connection(imports) {
        // The first connection of each test only waits until the server runs.
        let first = null;
        return {
            websocket_peer_end(id) {
                first ??= id;
                const isBroken = id !== first && original(imports, "is_open")(id) === 1;
                return isBroken ? 0xffff_ffff : original(imports, "end")(id);
            },
        };
    },

    a_reason_that_is_too_long_is_dropped: () => ({ websocket_peer_end_reason: () => 0x7fff_ffff }),

    a_sub_protocol_that_was_not_offered_is_none: () => ({ websocket_peer_protocol: () => 99 }),

    impossible_numbers_have_no_effect() {
        const numbers = [NaN, Infinity, -1, -Infinity, 1e300];
        let calls = 0;
        const next = () => numbers[calls++ % numbers.length];
        return {
            websocket_peer_buffered: next,
            websocket_peer_now: next,
            websocket_peer_calendar: next,
        };
    },

    a_refused_packet_is_an_error: () => ({
        websocket_peer_send_text: () => 0,
        websocket_peer_send_binary: () => 7,
    }),

    wakes_of_unknown_connections_have_no_effect() {
        // The test waits longer than that.
        setTimeout(() => {
            for (const [id, reason] of [[0, 0], [0xffff_ffff, 1], [0x7fff_ffff, 2], [1, 3], [NaN, Infinity]]) {
                wasm_exports.websocket_peer_wake(id, reason);
            }
        }, 20);
        return {};
    },
};
