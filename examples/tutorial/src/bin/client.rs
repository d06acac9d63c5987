//! The chat in a terminal: `cargo run --bin client`.

use std::sync::mpsc::{TryRecvError, sync_channel};
use std::{env, io, thread, time::Duration};

use little_chat::Chat;

fn main() -> Result<(), String> {
    let url = env::args().nth(1).unwrap_or("ws://127.0.0.1:8000".into());
    println!("connecting to {url}");
    let mut chat = Chat::new(&url)?;
    // Reading standard input blocks, so a thread does it.
    let (sender, typed) = sync_channel(1);
    thread::spawn(move || io::stdin().lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    loop {
        chat.poll().iter().for_each(|line| println!("{line}"));
        if let Some(end) = chat.close_info() {
            println!("{end}");
            return Ok(());
        }
        if chat.is_open() {
            match typed.try_recv() {
                Ok(line) => chat.send(&line)?,
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => chat.close(),
            }
        }
        thread::sleep(Duration::from_millis(16));
    }
}
