//! The log under systemd: levels for journald, and no times of its own.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    os::{fd::OwnedFd, unix::fs::MetadataExt},
    process::{Command, Stdio},
};

use crate::child::PROGRAM;

/// Returns the first line of the log, with `JOURNAL_STREAM` as systemd sets it, for the number of an inode that is off by
/// this.
fn first_line(offset: u64) -> String {
    let (reader, writer) = io::pipe().expect("a pipe");
    let stream =
        File::from(OwnedFd::from(writer.try_clone().expect("a copy"))).metadata().expect("its numbers");
    let mut command = Command::new(PROGRAM);
    command.arg("127.0.0.1:0").env_remove("ROOMS_LOG");
    command.env("JOURNAL_STREAM", format!("{}:{}", stream.dev(), stream.ino() + offset));
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(writer).spawn().expect("it starts");
    // Without it the pipe would never end.
    drop(command);
    let line = BufReader::new(reader).lines().next();
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    line.expect("it logs").expect("text")
}

#[test]
fn lines_for_the_journal_have_a_level_and_no_time() {
    assert!(first_line(0).starts_with("<6>"), "{}", first_line(0));
}

#[test]
fn other_programs_get_times_even_if_they_inherit_the_variable() {
    let line = first_line(1);
    let (time, rest) = line.split_once(' ').expect("several words");
    assert!(time.ends_with('Z') && rest.starts_with("INFO "), "{line}");
}
