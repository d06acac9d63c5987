// Tests of websocket_peer.js alone, with a `WebSocket` that fires events on demand.

"use strict";

class FakeWebSocket {
    static isForbidden = false;

    constructor(url, protocols) {
        if (FakeWebSocket.isForbidden) {
            throw new DOMException("a policy of the page", "SecurityError");
        }
        FakeWebSocket.last = this;
        this.protocol = "";
        this.closes = [];
    }

    close(...how) {
        this.closes.push(how);
    }
}

const { imports: functions } = websocket_peer_plugin;

function check(condition, what) {
    if (!condition) {
        throw new Error(what);
    }
}

// Returns the id of an open connection with these limits.
function connect(maxMessageSize, maxBytes, maxPackets) {
    const id = functions.websocket_peer_connect(0, 0, 0, 0, maxMessageSize, maxBytes, maxPackets);
    FakeWebSocket.last.onopen();
    return id;
}

const receive = (data) => FakeWebSocket.last.onmessage({ data });

// Takes all packets of a connection, and returns their sizes.
function sizes(id) {
    const taken = [];
    for (let size; (size = functions.websocket_peer_next_size(id)) >= 0; ) {
        check(functions.websocket_peer_take(id, 0, size) === 1, "not taken");
        taken.push(size);
    }
    return String(taken);
}

var backlogTests = {
    the_limit_of_a_message_is_exact_in_bytes() {
        const text = "€€€";
        const id = connect(9, 100, 100);
        receive(text);
        check(functions.websocket_peer_next_size(id) === 9, "nine bytes do not fit");
        connect(8, 100, 100);
        receive(text);
        check(String(FakeWebSocket.last.closes) === "4009,message too big", FakeWebSocket.last.closes);
    },

    the_limit_of_the_backlog_is_exact_in_bytes() {
        const id = connect(10, 10, 100);
        [6, 4, 0, 1, 0].forEach((size) => receive(new ArrayBuffer(size)));
        check(functions.websocket_peer_end(id) === 2, "the backlog did not overflow");
        check(String(FakeWebSocket.last.closes) === "4008,backlog full", FakeWebSocket.last.closes);
        // What came after the error is ignored.
        check(sizes(id) === "6,4,0", "other packets");
    },

    the_limit_of_the_backlog_is_exact_in_packets() {
        const id = connect(10, 10, 2);
        [0, 0].forEach((size) => receive(new ArrayBuffer(size)));
        check(functions.websocket_peer_end(id) === 0, "two packets do not fit");
        receive(new ArrayBuffer(0));
        check(functions.websocket_peer_end(id) === 2, "three packets fit");
    },

    taken_packets_make_room_and_keep_their_order() {
        const id = connect(1000, 1000, 7);
        let [sent, received] = [0, 0];
        for (let round = 0; round < 500; round += 1) {
            for (; sent < received + 7; sent += 1) {
                receive(new ArrayBuffer(sent % 100));
            }
            for (let count = 1 + (round % 7); count > 0; count -= 1, received += 1) {
                check(functions.websocket_peer_next_size(id) === received % 100, "out of order");
                check(functions.websocket_peer_take(id, 0, received % 100) === 1, "not taken");
            }
        }
        check(functions.websocket_peer_end(id) === 0, "the backlog overflowed");
    },

    a_packet_is_only_taken_with_its_size() {
        const id = connect(10, 10, 10);
        receive(new ArrayBuffer(3));
        [0, 2, 4, -1].forEach((room) => check(functions.websocket_peer_take(id, 0, room) === -1, `${room}`));
        check(sizes(id) === "3", "the packet is gone");
    },

    an_unknown_connection_has_nothing() {
        const none = [functions.websocket_peer_next_size(0), functions.websocket_peer_take(0, 0, 0)];
        check(String(none) === "-1,-1" && functions.websocket_peer_end(0) === 1006, String(none));
        for (const name of ["is_open", "send_text", "send_binary", "buffered", "take_signal"]) {
            check(functions[`websocket_peer_${name}`](0, 0, 0) === 0, name);
        }
        for (const name of ["drop", "listen", "start_timer", "close"]) {
            check(functions[`websocket_peer_${name}`](0, 0, 0, 0) === undefined, name);
        }
    },

    async a_connection_that_the_browser_forbids_wakes_the_program_after_the_call() {
        const woken = [];
        websocket_peer_plugin.bind({ ...wasm_exports, websocket_peer_wake: (id) => woken.push(id) });
        FakeWebSocket.isForbidden = true;
        const id = functions.websocket_peer_connect(0, 0, 0, 0, 10, 10, 10);
        FakeWebSocket.isForbidden = false;
        const early = woken.length;
        await null;
        websocket_peer_plugin.bind(undefined);
        check(early === 0 && String(woken) === String(id), `woken ${woken} of ${id}, ${early} within the call`);
        check(functions.websocket_peer_end(id) === 1006, "it has not ended");
    },

    a_dropped_connection_has_no_events() {
        const id = connect(10, 10, 10);
        const dropped = FakeWebSocket.last;
        functions.websocket_peer_drop(id);
        check(dropped.onopen === null && dropped.onmessage === null && dropped.onclose === null, "events");
        check(dropped.closes.length === 1 && functions.websocket_peer_is_open(id) === 0, "still there");
    },
};
