//! The files in `docs/hosting`: builds the static program, checks the unit, and starts the container, with the tools that
//! this machine has. The note in the table names what was done, and what was not.

use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::apt::Apt;
use crate::process::Cmd;
use crate::project::Project;
use crate::report::Outcome;
use crate::targets;
use crate::wait::within;

const DOCKERFILE: &str = "docs/hosting/Dockerfile";
const UNIT: &str = "docs/hosting/rooms.service";

/// The user and the group of the image.
const USER: &str = "65534:65534";

/// The tag of the image that is built.
const TAG: &str = "rooms-check";

/// The deadline for an answer of the server, and for its end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the checks. `examples/rooms/tests/hosting.rs` checks the syntax of the files on every machine.
pub async fn run(project: &Project) -> Result<Outcome> {
    if !cfg!(target_os = "linux") {
        return Ok(Outcome::Skipped(
            "the static program, the container and the unit are for Linux".to_owned(),
        ));
    }
    let program = static_program(project).await?;
    ensure!(!has_interpreter(&fs::read(&program)?)?, "{} is not static", program.display());
    let notes = [
        "static program built".to_owned(),
        container(project, &program).await?,
        unit(project, &program).await?,
    ];
    Ok(Outcome::PassedWith(notes.join("; ")))
}

/// Builds the program for musl.
async fn static_program(project: &Project) -> Result<PathBuf> {
    let target = format!("{ARCH}-unknown-linux-musl");
    targets::add(project, &target).await?;
    // For ring.
    if project.which("musl-gcc").is_none() {
        let Some(apt) = Apt::find(project).await else {
            bail!("the program musl-gcc is missing: install it")
        };
        apt.install(&["musl-tools"]).await?;
    }
    let build = project.command("cargo").args(["build", "--package", "rooms", "--bin", "rooms_server"]);
    build.args(["--target", &target]).run().await?;
    Ok(project.target().join(target).join("debug/rooms_server"))
}

/// Returns `true` if a 64-bit ELF program needs a dynamic linker: it has a program header of the type PT_INTERP.
fn has_interpreter(program: &[u8]) -> Result<bool> {
    const PT_INTERP: u32 = 3;
    ensure!(program.get(..6) == Some(&b"\x7fELF\x02\x01"[..]), "not a little-endian 64-bit ELF program");
    let number = |at: usize, len: usize| {
        let bytes = program.get(at..at + len).context("the program ends early")?;
        anyhow::Ok(bytes.iter().rev().fold(0_u64, |number, &byte| number << 8 | u64::from(byte)))
    };
    let (table, size, count) = (number(0x20, 8)?, number(0x36, 2)?, number(0x38, 2)?);
    for index in 0..count {
        if number(usize::try_from(table + index * size)?, 4)? == u64::from(PT_INTERP) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Starts the container, or what comes nearest to it here.
async fn container(project: &Project, program: &Path) -> Result<String> {
    for tool in ["docker", "podman"] {
        let has_tool = project.which(tool).is_some();
        // The program may be there without the service that it needs.
        if has_tool && project.command(tool).arg("info").query().await.is_ok() {
            image(project, tool).await.with_context(|| format!("the image, with {tool}"))?;
            return Ok(format!("image built and started with {tool}"));
        }
    }
    let is_root = project.command("id").arg("-u").query().await?.trim() == "0";
    let Some(chroot) = project.which("chroot").filter(|_| is_root) else {
        return Ok("image NOT built: no docker or podman that runs; its syntax was checked".to_owned());
    };
    empty_root(project, &chroot, program).await.context("the program in an empty root")?;
    Ok("image NOT built: no docker or podman that runs; its syntax was checked, and the program was started as its user \
        in an empty root"
        .to_owned())
}

/// Builds the image, and starts it as its comment describes.
async fn image(project: &Project, tool: &str) -> Result<()> {
    let command = |arguments: &[&str]| project.command(tool).args(arguments);
    command(&["build", "--file", DOCKERFILE, "--tag", TAG, "."]).run().await?;
    let started = command(&["run", "--detach", "--rm", "--publish", "127.0.0.1:0:9080", TAG]).read().await?;
    let id = started.first().context("no container was started")?.clone();
    let used = async {
        let port = command(&["port", &id, "9080"]).read().await?;
        let address = port.first().context("the port is not published")?.trim().to_owned();
        within(PATIENCE, "waiting for the container", until_healthy(&address)).await
    }
    .await;
    // Also after a failure. The container removes itself.
    command(&["stop", "--time", "20", &id]).run().await?;
    used
}

/// Starts the program as the image does: as its user, in a root folder that has nothing else.
async fn empty_root(project: &Project, chroot: &Path, program: &Path) -> Result<()> {
    let root = project.target().join("hosting/root");
    // It may exist from an earlier run.
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(&root)?;
    fs::copy(program, root.join("rooms_server")).context("cannot copy the program")?;
    fs::copy(project.root().join("docs/hosting/rooms.toml"), root.join("rooms.toml"))?;
    let mut command = Command::new(chroot);
    command.arg(format!("--userspec={USER}")).arg(&root);
    command.args(["/rooms_server", "127.0.0.1:0", "--config", "/rooms.toml"]);
    let mut server = command.env_clear().stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    within(PATIENCE, "using the program", use_and_end(project, &mut server)).await
}

async fn use_and_end(project: &Project, server: &mut Child) -> Result<()> {
    let id = server.id().context("it has ended")?;
    let mut lines = BufReader::new(server.stdout.take().context("no pipe")?).lines();
    let line = lines.next_line().await?.context("it ended before it printed its address")?;
    let address = line.strip_prefix("Listening on ws://").with_context(|| format!("unexpected: {line}"))?;
    until_healthy(address).await?;
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let user = status.lines().find(|line| line.starts_with("Uid:")).unwrap_or_default().to_owned();
    ensure!(user.split_whitespace().skip(1).all(|id| USER.starts_with(id)), "it runs as {user}");
    let kill: Cmd = project.command("kill").args(["-TERM", &id.to_string()]);
    kill.run().await?;
    let status = server.wait().await?;
    ensure!(status.success(), "it ended with {status}");
    Ok(())
}

async fn until_healthy(address: &str) -> Result<()> {
    loop {
        match health(address).await {
            Ok(answer) if answer.starts_with("HTTP/1.1 200 ") => return Ok(()),
            Ok(answer) => bail!("unexpected: {answer}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn health(address: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /health HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    ensure!(!answer.is_empty(), "no answer");
    Ok(answer)
}

/// Has systemd check the unit, with the program's path on this machine.
async fn unit(project: &Project, program: &Path) -> Result<String> {
    if project.which("systemd-analyze").is_none() {
        return Ok("unit NOT verified: no systemd-analyze; its syntax was checked".to_owned());
    }
    let text = fs::read_to_string(project.root().join(UNIT))?;
    let installed = "/usr/local/bin/rooms_server";
    ensure!(text.contains(installed), "{UNIT} does not start {installed}");
    let copy = project.target().join("hosting/rooms.service");
    fs::create_dir_all(project.target().join("hosting"))?;
    fs::write(&copy, text.replace(installed, &program.display().to_string()))?;
    let verify = project.command("systemd-analyze").arg("verify").arg(&copy);
    // It succeeds with complaints about unknown settings, so each line is one.
    let mut complaints = Vec::new();
    verify.watch(|line| complaints.push(line.to_owned())).await?;
    let name = "rooms.service";
    complaints.retain(|line| line.contains(name));
    ensure!(complaints.is_empty(), "systemd complains about {UNIT}: {complaints:?}");
    Ok("unit verified by systemd-analyze".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program header table behind a header of 64 bytes.
    fn program(types: &[u8]) -> Vec<u8> {
        let mut program = vec![0; 64];
        program[..6].copy_from_slice(b"\x7fELF\x02\x01");
        program[0x20] = 64;
        program[0x36] = 56;
        program[0x38] = u8::try_from(types.len()).unwrap();
        for kind in types {
            program.push(*kind);
            program.extend([0; 55]);
        }
        program
    }

    #[test]
    fn a_dynamic_program_is_recognised_by_its_interpreter() {
        assert!(!has_interpreter(&program(&[6, 1, 1])).unwrap());
        assert!(has_interpreter(&program(&[6, 3, 1])).unwrap());
        assert!(has_interpreter(b"#!/bin/sh").is_err());
        assert!(has_interpreter(&program(&[1])[..66]).is_err());
    }

    #[test]
    fn this_test_is_a_dynamic_program_on_linux() {
        if cfg!(all(target_os = "linux", target_env = "gnu")) {
            let own = fs::read(std::env::current_exe().unwrap()).unwrap();
            assert!(has_interpreter(&own).unwrap());
        }
    }
}
