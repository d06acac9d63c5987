//! The host of the game that the page's `GamePlayer`s join.

use anyhow::Result;
use game::HostOptions;

use super::host::{Host, STEP};

/// What every roll shows.
const ROLL: u32 = 42;

pub fn host() -> Result<Host> {
    let options = HostOptions { dice: Box::new(|| ROLL), ..HostOptions::default() };
    let mut table = game::Host::bind("127.0.0.1:0", options)?;
    let address = table.local_addr()?;
    let mut is_over = false;
    Host::run(address, move || {
        if is_over {
            std::thread::sleep(STEP);
        } else if let Err(error) = table.frame(STEP) {
            eprintln!("game: {error}");
            is_over = true;
        }
    })
}
