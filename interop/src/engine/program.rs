//! An engine that runs an example: its lines, and its end.

use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use super::place::{Place, Process};
use crate::waiting::{eventually, until};

/// A running example. Dropping it stops the engine, and shows its lines if the scenario has failed.
pub struct Program {
    arguments: String,
    process: Process,
    /// The number of lines that were read.
    read: usize,
}

impl Program {
    /// Starts an example with these arguments.
    #[track_caller]
    pub fn start(place: &Place, arguments: &[&str]) -> Self {
        let process = place.start_example(arguments).expect("the engine starts");
        Self { arguments: arguments.join(" "), process, read: 0 }
    }

    /// Starts an example that hosts: `start` are its arguments before the port. Returns it with its URL.
    #[track_caller]
    pub fn host(place: &Place, start: &[&str], rest: &[&str]) -> (Self, String) {
        // An engine does not report its port, so a free one is chosen first.
        for _ in 0..10 {
            let port = free_port().to_string();
            let mut host = Self::start(place, &[start, &[&port], rest].concat());
            if host
                .line_of(|line| line.starts_with("hosting on") || line.starts_with("cannot host"), || {})
                .starts_with("hosting")
            {
                return (host, format!("ws://127.0.0.1:{port}"));
            }
        }
        panic!("the engine found no free port");
    }

    /// Waits for the next line that starts with this, and returns it. Lines before it are read, too.
    #[track_caller]
    pub fn line(&mut self, start: &str, meanwhile: impl FnMut()) -> String {
        self.line_of(|line| line.starts_with(start), meanwhile)
    }

    #[track_caller]
    fn line_of(&mut self, is: impl Fn(&str) -> bool, mut meanwhile: impl FnMut()) -> String {
        let Self { process, read, .. } = self;
        eventually("the line of an engine", || {
            meanwhile();
            let (number, line) = process.log().find(*read, &is)?;
            *read = number + 1;
            Some(line)
        })
    }

    /// Returns all lines that start with this, whether they were read or not.
    pub fn lines(&self, start: &str) -> Vec<String> {
        let text = self.process.log().text();
        text.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
    }

    /// Waits until the program has ended by itself, and returns its exit code.
    #[track_caller]
    pub fn ended(&mut self, mut meanwhile: impl FnMut()) -> i32 {
        until("an engine ends", || {
            meanwhile();
            !self.process.is_running()
        });
        self.process.exit_code().expect("it was not killed")
    }

    /// Asserts that the engine has printed no errors but those with one of these parts.
    #[track_caller]
    pub fn assert_quiet(&self, allowed: &[&str]) {
        let allowed: Vec<String> = allowed.iter().map(|part| (*part).to_owned()).collect();
        let complaints = self.process.log().complaints(&allowed);
        assert!(complaints.is_empty(), "the engine complained:\n{}", complaints.join("\n"));
    }

    pub fn kill(&mut self) {
        self.process.kill();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if thread::panicking() {
            println!("---- engine of `{}` ----\n{}", self.arguments, self.process.log().text());
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound listener").port()
}
