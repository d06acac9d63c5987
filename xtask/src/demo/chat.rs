//! The chat server on a thread of its own.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use anyhow::{Context, Result};
use chat::{ChatServer, Mode};

use super::server_thread::{ServerThread, is_stopping};
use crate::ports::bind_near;

/// The longest sleep of the thread.
const STEP: Duration = Duration::from_secs(1);

/// The path of the URL, as in Godot's demo. The server accepts any.
const PATH: &str = "/test/";

/// A running chat server. Dropping this closes its connections and stops it.
pub struct Chat {
    addr: SocketAddr,
    orders: Sender<Order>,
    thread: ServerThread,
}

/// What the server is to do.
enum Order {
    Say(String),
    Kick { name: String, reason: String },
}

impl Chat {
    /// Starts on this port, or on the next free one. Port 0 stands for any.
    pub fn start(port: u16, mode: Mode) -> Result<Self> {
        let listener = bind_near("chat server", port, TcpListener::bind)?;
        let mut server = ChatServer::from_listener(listener, mode)?;
        let addr = server.local_addr()?;
        let (orders, queue) = mpsc::channel();
        let waker = server.waker();
        let thread = ServerThread::start("chat server", waker, move |stop| serve(server, stop, &queue))?;
        Ok(Self { addr, orders, thread })
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub fn url(&self) -> String {
        url_at(self.addr)
    }

    /// Sends a line of the server to all members.
    pub fn say(&self, line: &str) -> Result<()> {
        self.order(Order::Say(line.to_owned()))
    }

    /// Removes the member with this name, with this reason.
    pub fn kick(&self, name: &str, reason: &str) -> Result<()> {
        self.order(Order::Kick { name: name.to_owned(), reason: reason.to_owned() })
    }

    fn order(&self, order: Order) -> Result<()> {
        self.orders.send(order).ok().context("the chat server has stopped")?;
        self.thread.wake();
        Ok(())
    }
}

/// The URL of a chat server at this address.
pub fn url_at(addr: SocketAddr) -> String {
    format!("ws://{addr}{PATH}")
}

fn serve(mut server: ChatServer, stop: &AtomicBool, orders: &Receiver<Order>) {
    while !is_stopping(stop) {
        print(server.frame(STEP));
        for order in orders.try_iter() {
            carry_out(&mut server, order);
        }
    }
    server.shutdown();
    while !server.is_shut_down() {
        print(server.frame(STEP));
    }
}

fn carry_out(server: &mut ChatServer, order: Order) {
    match order {
        Order::Say(line) => server.say(&line),
        Order::Kick { name, reason } => match server.room().find(&name) {
            Some(id) => print(server.kick(id, &reason)),
            None => eprintln!("chat: no member is called {name}"),
        },
    }
}

fn print(log: Vec<String>) {
    for line in log {
        println!("chat: {line}");
    }
}
