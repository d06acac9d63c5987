//! The program: it prints its addresses and ends with its standard input.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};

#[test]
fn the_program_prints_its_addresses_and_ends_with_its_input() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_testkit"))
        .args(["--addr", "127.0.0.1:0", "--secure-addr", "127.0.0.1:0"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let addresses = line.trim().strip_prefix("testkit listening on ws://").unwrap();
    let (plain, secure) = addresses.split_once(" and wss://").unwrap();
    for addr in [plain, secure] {
        TcpStream::connect(addr).unwrap();
    }
    drop(program.stdin.take());
    assert!(program.wait().unwrap().success());
}

#[test]
fn a_wrong_argument_fails_with_the_usage() {
    let output = Command::new(env!("CARGO_BIN_EXE_testkit")).arg("--port").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("usage: testkit"));
}
