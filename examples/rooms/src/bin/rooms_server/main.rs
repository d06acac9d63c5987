//! A dedicated server of many games behind one port: `cargo run -p rooms --bin rooms_server -- 127.0.0.1:9080`.
//!
//! | module | purpose |
//! |---|---|
//! | [`arguments`], [`config`] | the settings: from the command line and from a file |
//! | [`serving`] | the loop of the server: rooms, signals, the end |
//! | [`answers`], [`metrics`] | `/health` and `/metrics` over HTTP |
//! | [`certificates`], [`signals`], [`logging`] | the files of the certificate, signals of the system, the log |
//! | [`health_check`] | the client of `/health`, for containers |

mod answers;
mod arguments;
mod certificates;
mod config;
mod health_check;
mod logging;
mod metrics;
mod serving;
mod signals;

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;

use self::{arguments::Arguments, config::Config};

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let config = Config::load(arguments)?;
    if arguments.check_health {
        return Ok(health_check::check(&config)?);
    }
    if arguments.check_config {
        serving::check(&config)?;
        write!(io::stdout(), "{}", config.to_toml()?)?;
        return Ok(());
    }
    logging::start(&config.log)?;
    serving::run(config)
}
