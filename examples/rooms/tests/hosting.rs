//! The files in `docs/hosting`: their syntax, and that they agree with the program. `cargo xtask test` also builds and
//! starts them, where the tools are installed.

#[path = "hosting/dockerfile.rs"]
mod dockerfile;
#[path = "hosting/unit.rs"]
mod unit;

use std::{fs, path::PathBuf, process::Command};

use crate::{dockerfile::Dockerfile, unit::Unit};

fn file(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/hosting").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns what the program prints for these arguments, which must be valid.
#[track_caller]
fn checked_config(arguments: &[&str]) -> String {
    let program = env!("CARGO_BIN_EXE_rooms_server");
    let output = Command::new(program).args(arguments).arg("--check-config").output().expect("it starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Returns the number that a setting has by default.
#[track_caller]
fn default_of(section: &str, key: &str) -> f64 {
    let text = checked_config(&[]);
    let section = text.split(&format!("[{section}]\n")).nth(1).expect("the section is printed");
    let line = section.lines().find_map(|line| line.strip_prefix(&format!("{key} = ")));
    line.expect("the setting is printed").parse().expect("a number")
}

#[test]
fn the_container_has_the_static_program_alone_and_runs_it_without_rights() {
    let dockerfile = Dockerfile::parse(&file("Dockerfile")).unwrap_or_else(|error| panic!("{error}"));
    let [build, last] = &dockerfile.stages[..] else { panic!("two stages") };
    assert!(build.image.ends_with("-alpine"), "its target is musl, so the program is static");
    let runs = build.values("RUN").join("\n");
    assert!(runs.contains("cargo build --release --locked --package rooms --bin rooms_server"), "{runs}");
    assert_eq!(last.image, "scratch");
    let program = last.list("ENTRYPOINT");
    assert_eq!(
        last.values("COPY"),
        [format!("--from=build /src/target/release/rooms_server {}", program[0])]
    );
    assert_eq!(build.values("WORKDIR"), ["/src"]);
    assert_eq!(last.values("USER"), ["65534:65534"], "a number: there is no file of users");
    assert_eq!(last.values("STOPSIGNAL"), ["SIGTERM"]);

    let arguments = last.list("CMD");
    let port = arguments[0].rsplit_once(':').expect("an address with a port").1;
    assert_eq!(last.values("EXPOSE"), [port]);
    checked_config(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let check = last.values("HEALTHCHECK").concat();
    let check = check.split_once(" CMD ").expect("a command").1;
    let expected = [&program[..], &["--check-health".to_owned()], &arguments].concat();
    assert_eq!(dockerfile::list(check), Ok(expected));
}

#[test]
fn the_unit_starts_the_program_without_rights_and_gives_it_time_to_end() {
    let unit = Unit::parse(&file("rooms.service")).unwrap_or_else(|error| panic!("{error}"));
    let value = |key: &str| unit.value("Service", key).unwrap_or_else(|| panic!("no {key}"));
    let seconds = |key: &str| value(key).parse::<f64>().expect("a number of seconds");
    for (key, expected) in [
        ("DynamicUser", "yes"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("CapabilityBoundingSet", ""),
        ("KillSignal", "SIGTERM"),
        ("KillMode", "mixed"),
        ("Restart", "on-failure"),
        ("ExecReload", "/bin/kill -HUP $MAINPID"),
    ] {
        assert_eq!(value(key), expected, "{key}");
    }
    let closing = default_of("shutdown", "notice") + default_of("shutdown", "timeout");
    assert!(seconds("TimeoutStopSec") >= closing + 5.0, "the server closes in {closing} s");
    // A descriptor for each connection, three for each handshake, and 16 more; and those of the program.
    let descriptors =
        default_of("rooms.server", "max_peers") + 3.0 * default_of("rooms.server", "max_pending_handshakes");
    assert!(seconds("LimitNOFILE") >= descriptors + 16.0 + 64.0);
    let memory: f64 = value("MemoryMax").strip_suffix('M').and_then(|size| size.parse().ok()).expect("MiB");
    assert!(memory * f64::from(1 << 20) > 1.25 * default_of("rooms.server", "max_buffered_bytes"));

    let (start, check) = (value("ExecStart"), value("ExecStartPre"));
    assert_eq!(check, format!("{start} --check-config"));
    let start: Vec<&str> = start.split(' ').collect();
    let [_, "--config", settings] = start[..] else { panic!("{start:?}") };
    assert!(settings.ends_with("/rooms.toml"));
    let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/hosting/rooms.toml");
    checked_config(&["--config", sample.to_str().expect("a path that is text")]);
}
