//! Raw connections to a server of rooms, and the answers to their requests.

use crate::{
    common::raw::{REQUEST, Raw, connect},
    test_rooms::TestRooms,
};

/// A response to a request that was not upgraded.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl TestRooms {
    /// Opens a raw connection. It may be left blocked: its buffers are small.
    pub fn raw(&self) -> Raw {
        Raw::new(connect(self.address()))
    }

    /// Opens a raw connection, and sends an upgrade request for this path.
    pub fn raw_client(&self, path: &str) -> Raw {
        let mut raw = self.raw();
        raw.send(request(path));
        raw
    }

    /// Sends a request, and waits for the response and the end of the connection.
    #[track_caller]
    pub fn answer(&mut self, request: &str) -> Answer {
        let mut raw = self.raw();
        raw.send(request);
        self.answer_to(&mut raw)
    }

    #[track_caller]
    pub fn answer_to(&mut self, raw: &mut Raw) -> Answer {
        let head = self.eventually("an answer", |_| raw.head());
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        self.until("the end of the connection", |_| raw.end().is_some());
        Answer { status, head, body: String::from_utf8(raw.rest().to_vec()).expect("a text") }
    }

    /// The status for an upgrade request.
    #[track_caller]
    pub fn status(&mut self, path: &str) -> u16 {
        self.answer(&request(path)).status
    }
}

/// An upgrade request for this path.
pub fn request(path: &str) -> String {
    let (_, fields) = REQUEST.split_once("\r\n").expect("a request has lines");
    format!("GET /{path} HTTP/1.1\r\n{fields}")
}

/// A request that is not an upgrade.
pub fn plain_request(path: &str) -> String {
    format!("GET /{path} HTTP/1.1\r\nHost: h.example\r\n\r\n")
}
