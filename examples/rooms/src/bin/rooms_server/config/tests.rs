//! The settings: what the file may contain, what overrides it, and how errors help.

use clap::Parser;

use super::*;

/// Settings of the library that have no effect at a server.
const OF_CLIENTS: [&str; 4] = ["backlog_buffer_size", "max_backlog_packets", "allow_blocked_ports", "roots"];

const SAMPLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/hosting/rooms.toml"));

#[track_caller]
fn load(flags: &[&str]) -> Config {
    let arguments = Arguments::try_parse_from([&["rooms_server"], flags].concat()).expect("valid flags");
    Config::load(&arguments).unwrap_or_else(|error| panic!("{flags:?}: {error}"))
}

#[track_caller]
fn error(flags: &[&str]) -> String {
    let arguments = Arguments::try_parse_from([&["rooms_server"], flags].concat()).expect("valid flags");
    Config::load(&arguments).expect_err("it is an error").to_string()
}

/// The message about a file with this text.
#[track_caller]
fn error_in(text: &str) -> String {
    let error = Config::parse(text).expect_err(text);
    ConfigError::in_file("rooms.toml".as_ref(), text, &error).to_string()
}

#[test]
fn the_sample_is_valid_and_its_commented_settings_are_the_defaults() {
    assert_eq!(Config::parse(SAMPLE), Ok(Config::default()), "the sample sets nothing");
    // A line such as `#max_peers = 4096` is a setting that is turned off; `# ` begins a sentence.
    let is_setting = |line: &&str| line.starts_with('#') && !line.starts_with("# ") && line.len() > 1;
    assert!(SAMPLE.lines().filter(is_setting).count() > 40);
    let turned_on: String = SAMPLE
        .lines()
        .map(|line| format!("{}\n", if is_setting(&line) { &line[1..] } else { line }))
        .collect();
    let config = Config::parse(&turned_on).unwrap_or_else(|error| panic!("{error}"));
    let tls = config.tls.clone().expect("the sample has files for TLS");
    assert_eq!(tls.check_interval, default_check_interval());
    assert_eq!(Config { tls: None, ..config }, Config::default());
}

#[test]
fn the_sample_lists_every_setting() {
    let table = Table::try_from(Config::default()).expect("it is a table");
    fn keys(table: &Table, found: &mut Vec<String>) {
        for (key, value) in table {
            found.push(key.clone());
            value.as_table().into_iter().for_each(|inner| keys(inner, found));
        }
    }
    let mut names = Vec::new();
    keys(&table, &mut names);
    assert!(names.len() > 50, "{names:?}");
    let missing: Vec<&String> = names
        .iter()
        .filter(|name| !OF_CLIENTS.contains(&name.as_str()))
        .filter(|name| !SAMPLE.contains(&format!("{name} =")) && !SAMPLE.contains(&format!("{name}]")))
        .collect();
    assert!(missing.is_empty(), "docs/hosting/rooms.toml lacks {missing:?}");
}

#[test]
fn all_settings_as_printed_are_a_valid_file_with_the_same_settings() {
    let config = load(&[
        "--max-peers",
        "7",
        "--origin",
        "https://a.example",
        "--tls-key",
        "k",
        "--tls-certificates",
        "c",
    ]);
    let text = config.to_toml().expect("it can be written");
    assert_eq!(Config::parse(&text), Ok(config), "{text}");
}

#[test]
fn flags_override_settings_that_override_defaults() {
    assert_eq!(load(&[]), Config::default());
    let config = load(&[
        "0.0.0.0:7000",
        "--set=rooms.server.max_peers=500",
        "--set=rooms.max_rooms = 20",
        "--set=room.session.relay=false",
        "--set=rooms.server.origins=Any",
        "--set=listen=[::]:1",
        "--set=rooms.server.rate_limits.max_message_time=2.5",
        "--set=metrics.from=[\"192.0.2.0/24\"]",
        "--max-rooms=30",
        "--capacity=8",
        "--empty-timeout=0.5",
        "--shutdown-timeout=3",
        "--log=warn,rooms_server=debug",
    ]);
    assert_eq!((config.listen.as_str(), config.log.as_str()), ("0.0.0.0:7000", "warn,rooms_server=debug"));
    assert_eq!((config.rooms.server.max_peers, config.rooms.max_rooms), (500, 30));
    assert_eq!(config.rooms.server.origins, OriginPolicy::Any);
    assert_eq!(config.rooms.server.rate_limits.max_message_time, Duration::from_millis(2500));
    assert!(!config.room.session.relay);
    assert_eq!((config.room.capacity, config.room.empty_timeout), (8, Duration::from_millis(500)));
    assert_eq!(config.shutdown.timeout, Duration::from_secs(3));
    assert_eq!(config.metrics.from, ["192.0.2.0/24".parse().expect("a network")]);
    let tls = load(&["--set=tls.check_interval=2", "--tls-key=k", "--set=tls.certificates=c"]).tls;
    let check_interval = Duration::from_secs(2);
    assert_eq!(tls, Some(Tls { certificates: "c".into(), key: "k".into(), check_interval }));
    assert_eq!(load(&["--metrics-from=198.51.100.1/32"]).metrics.from.len(), 1);
}

#[test]
fn what_a_section_does_not_set_keeps_the_default_of_this_program() {
    let config = Config::parse("[room]\nempty_timeout = 5\n[rooms.server]\nmax_peers = 9\n").expect("valid");
    let default = Config::default();
    assert_eq!((config.room.capacity, config.room.empty_timeout), (16, Duration::from_secs(5)));
    assert_eq!(config.rooms.server.rate_limits, default.rooms.server.rate_limits);
    assert_eq!(config.rooms.server.connection, default.rooms.server.connection);
    let text = "[rooms.server]\norigins = { List = [\"https://a.example\"] }\n";
    let origins = Config::parse(text).expect("valid").rooms.server.origins;
    assert_eq!(origins, OriginPolicy::List(vec!["https://a.example".to_owned()]));
}

#[test]
fn an_unknown_setting_is_an_error_with_its_line_and_what_was_probably_meant() {
    let error = error_in("listen = \"[::]:80\"\n\n[rooms.server]\nmax_peer = 5\n");
    assert_eq!(
        error,
        "rooms.toml:4:1: there is no setting `max_peer` here; did you mean `max_peers`?\n    max_peer = 5"
    );
    let error = error_in("[romms]\n");
    assert!(
        error.starts_with("rooms.toml:1:2: there is no setting `romms` here; did you mean `rooms`?"),
        "{error}"
    );
    let error = error_in("[shutdown]\nxyz = 1\n");
    assert!(error.contains(":2:1: there is no setting `xyz` here; there are notice, timeout"), "{error}");
}

#[test]
fn values_of_another_type_are_errors_with_their_line() {
    for (text, place) in [
        ("[rooms]\nmax_rooms = \"many\"\n", ":2:13: "),
        ("[rooms.server]\nmax_peers = -1\n", ":2:13: "),
        ("[shutdown]\n\n timeout = -1\n", ":3:12: "),
        ("[metrics]\nfrom = [\"10.0.0.0/8\", \"office\"]\n", ":2:"),
        ("[tls]\nkey = \"k\"\n", ": missing field `certificates`"),
        ("listen = \n", ":1:"),
        ("[room]\ncapacity = 1\ncapacity = 2\n", ":3:1: "),
    ] {
        let error = error_in(text);
        assert!(error.starts_with("rooms.toml:") && error.contains(place), "{error}");
    }
}

#[test]
fn invalid_settings_of_the_command_line_are_errors_that_name_them() {
    for (flags, part) in [
        (&["--set=rooms.max_peers=5"][..], "there is no setting `max_peers` here"),
        (&["--set=rooms"], "write KEY=VALUE"),
        (&["--set=listen.port=5"], "there is no such setting"),
        (&["--set=rooms.max_rooms=x"], "rooms.max_rooms=x"),
        (&["--log=loud"], "\"loud\" is no level"),
        (&["--log=info,websocket_peer=loud"], "\"loud\" is no level"),
        (&["--log="], "\"\" is no level"),
        (&["--shutdown-timeout=0"], "`shutdown.timeout` is zero"),
        (&["--shutdown-timeout=-1"], "--shutdown-timeout -1"),
        (&["--shutdown-timeout=1e9"], "`shutdown.timeout` is more than a day"),
        (&["--empty-timeout=NaN"], "--empty-timeout NaN"),
        (&["--tls-key=k"], "missing field `certificates`, in `tls`"),
        (&["--set=tls.check_interval=1"], "missing field `certificates`, in `tls`"),
        (&["--config=no-such-file.toml"], "no-such-file.toml: "),
    ] {
        let error = error(flags);
        assert!(error.contains(part), "{flags:?}: {error}");
    }
}
