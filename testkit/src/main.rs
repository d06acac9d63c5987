//! The scripted server as a program, for tests that run in a browser. It listens until its standard input closes.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use testkit::Server;

const USAGE: &str = "usage: testkit [--addr 127.0.0.1:9081] [--secure-addr 127.0.0.1:9082]";

fn main() -> ExitCode {
    match arguments().and_then(|(addr, secure_addr)| run(addr, secure_addr)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("testkit: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(addr: SocketAddr, secure_addr: SocketAddr) -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::start_on(addr, secure_addr)
        .map_err(|error| format!("cannot listen on {addr} and {secure_addr}: {error}"))?;
    println!("testkit listening on {} and {}", server.url(""), server.secure_url(""));
    io::stdout().flush()?;
    wait_for_end_of_input()?;
    Ok(())
}

fn wait_for_end_of_input() -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut ignored = [0; 256];
    loop {
        match input.read(&mut ignored) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn arguments() -> Result<(SocketAddr, SocketAddr), Box<dyn std::error::Error>> {
    use lexopt::prelude::*;

    let mut addr: SocketAddr = "127.0.0.1:9081".parse()?;
    let mut secure_addr: SocketAddr = "127.0.0.1:9082".parse()?;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("addr") => addr = parser.value()?.parse()?,
            Long("secure-addr") => secure_addr = parser.value()?.parse()?,
            Short('h') | Long("help") => {
                println!("{USAGE}");
                std::process::exit(0);
            }
            other => return Err(format!("{}\n{USAGE}", other.unexpected()).into()),
        }
    }
    Ok((addr, secure_addr))
}
