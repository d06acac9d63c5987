//! The game in a native program: `cargo run -p greeter -- ws://127.0.0.1:9080`.

use std::{env, process::ExitCode, thread, time::Duration};

use greeter::Greeter;

fn main() -> ExitCode {
    let url = env::args().nth(1).unwrap_or_else(|| "ws://127.0.0.1:9080".to_owned());
    let mut game = match Greeter::new(&url) {
        Ok(game) => game,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    while !game.is_finished() {
        for line in game.frame() {
            println!("{line}");
        }
        thread::sleep(Duration::from_millis(16));
    }
    ExitCode::SUCCESS
}
