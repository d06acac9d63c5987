//! Requests over HTTP, byte by byte: what a health check or a scraper gets.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::child::PATIENCE;

/// A response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub body: String,
    head: String,
}

impl Response {
    /// Returns the value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Sends a request with these further header fields.
#[track_caller]
pub fn get(address: &str, path: &str, fields: &[&str]) -> Response {
    request(address, path, fields).expect("a response")
}

/// Sends a request to a server that may have ended.
pub fn request(address: &str, path: &str, fields: &[&str]) -> Option<Response> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).expect("a time that is not zero");
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n{fields}\r\n").ok()?;
    let mut response = String::new();
    stream.read_to_string(&mut response).ok()?;
    let (head, body) = response.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some(Response { status, body: body.to_owned(), head: head.to_owned() })
}
