//! The settings: their defaults, and where they come from. Flags override the file, which overrides the defaults.

mod error;
mod seconds;

use std::{fs, path::PathBuf, time::Duration};

use ipnet::IpNet;
use rooms::LobbyOptions;
use serde::{Deserialize, Serialize, de::Error as _};
use toml::{Table, Value};
use websocket_peer::{
    OriginPolicy, RateLimits, ServerOptions, TlsCertificate,
    multiplayer::{RoomOptions, RoomServerOptions},
};

pub use self::error::ConfigError;
use crate::arguments::Arguments;

/// The longest time of a setting.
const MAX_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The settings of the server. Times are numbers of seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The address to listen on. Port 0 takes a free port. Default: `127.0.0.1:9080`.
    pub listen: String,
    /// What to log: a level, or levels by module, such as `info,websocket_peer=debug`. Default: `info`.
    pub log: String,
    /// How the server ends.
    pub shutdown: Shutdown,
    /// The files of the certificate. Default: none, so clients connect without TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Who may read the metrics.
    pub metrics: MetricsAccess,
    /// The limits of the whole server, of its connections, and the sites whose pages may connect.
    pub rooms: RoomServerOptions,
    /// The lobby.
    pub lobby: LobbySettings,
    /// The options of each room with a game. Default: those of the library, with a capacity of 16.
    pub room: RoomOptions,
}

/// The settings of the lobby.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LobbySettings {
    /// The number of rooms with games that exist at a time. Default: 500.
    pub max_rooms: usize,
    /// The number of rooms that were created from one address. Zero: no limit. Default: 50.
    pub max_rooms_per_address: usize,
    /// The time between two rooms of one creator. Default: 5 s.
    #[serde(with = "seconds")]
    pub create_interval: Duration,
    /// The time between two lists that are sent to the same players. Default: 500 ms.
    #[serde(with = "seconds")]
    pub list_interval: Duration,
}

/// How the server ends after SIGTERM, SIGINT or Ctrl-C.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shutdown {
    /// The time before the connections are closed. In it, `/health` is answered with 503, new players are rejected with
    /// 503, and games go on. It is for load balancers, which need a while to notice. Zero: close at once. Default: 0.
    #[serde(with = "seconds")]
    pub notice: Duration,
    /// The time in which the connections are closed. The rest are then dropped. Default: 10 s.
    #[serde(with = "seconds")]
    pub timeout: Duration,
}

/// The files of the certificate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate chain as PEM: the server's certificate, then its issuers.
    pub certificates: PathBuf,
    /// The private key as PEM.
    pub key: PathBuf,
    /// The time between two looks at the files. Zero: only at SIGHUP. Default: 60 s.
    #[serde(with = "seconds", default = "default_check_interval")]
    pub check_interval: Duration,
}

/// Who may read the metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsAccess {
    /// The networks whose clients may read `/metrics`. Requests that came through a proxy may not. Empty: no client
    /// may. Default: loopback and private networks.
    pub from: Vec<IpNet>,
}

impl Config {
    /// Returns the settings of this command line, and of the file that it names.
    ///
    /// # Errors
    /// [`ConfigError`], for people who edit the file.
    pub fn load(arguments: &Arguments) -> Result<Self, ConfigError> {
        let mut config = match &arguments.config {
            Some(path) => {
                let text = fs::read_to_string(path).map_err(|error| ConfigError::unreadable(path, &error))?;
                Self::parse(&text).map_err(|error| ConfigError::in_file(path, &text, &error))?
            }
            None => Self::default(),
        };
        config = config.with(arguments)?;
        config.override_with(arguments)?;
        config.check()?;
        Ok(config)
    }

    /// Reads the text of a file. What it does not set has the default of [`Config::default`].
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        // The text alone, for errors with their places. Its defaults would be those of each type.
        toml::from_str::<Self>(text)?;
        let mut table = Table::try_from(Self::default()).map_err(toml::de::Error::custom)?;
        merge(&mut table, toml::from_str(text)?);
        table.try_into()
    }

    /// Returns the text of a file with all settings.
    ///
    /// # Errors
    /// [`ConfigError`] for a value that TOML cannot have.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        toml::to_string(self).map_err(|error| ConfigError::new(error.to_string()))
    }

    /// Returns the options of the library: with the certificate, if there is one.
    pub fn room_server_options(&self, certificate: Option<TlsCertificate>) -> RoomServerOptions {
        let mut options = self.rooms.clone();
        if let Some(certificate) = certificate {
            options.server.connection.tls.certificate = Some(certificate);
        }
        options
    }

    /// Returns the options of the lobby.
    pub fn lobby_options(&self) -> LobbyOptions {
        LobbyOptions {
            max_rooms: self.lobby.max_rooms,
            max_rooms_per_address: self.lobby.max_rooms_per_address,
            room: self.room.clone(),
            create_interval: self.lobby.create_interval,
            list_interval: self.lobby.list_interval,
        }
    }

    /// Returns these settings with those that are written as `key=value`, and with the files of the certificate. They
    /// are read together, because a section may need several.
    fn with(&self, arguments: &Arguments) -> Result<Self, ConfigError> {
        let mut table = Table::try_from(self).map_err(|error| ConfigError::new(error.to_string()))?;
        for (key, path) in
            [("tls.certificates", &arguments.tls_certificates), ("tls.key", &arguments.tls_key)]
        {
            let Some(path) = path else { continue };
            let path = path.to_str().ok_or_else(|| ConfigError::new(format!("{path:?} is not text")))?;
            insert(&mut table, key, Value::String(path.to_owned()));
        }
        for setting in &arguments.set {
            let invalid = |reason: &str| ConfigError::new(format!("--set {setting}: {reason}"));
            let (key, value) = setting.split_once('=').ok_or_else(|| invalid("write KEY=VALUE"))?;
            insert(&mut table, key.trim(), value_of(value.trim()))
                .ok_or_else(|| invalid("there is no such setting"))?;
        }
        table.try_into().map_err(|error: toml::de::Error| {
            ConfigError::new(format!("{}: {}", arguments.set.join(", "), error::help(&error.to_string())))
        })
    }

    fn override_with(&mut self, arguments: &Arguments) -> Result<(), ConfigError> {
        let time = |flag: &str, seconds: f64| {
            Duration::try_from_secs_f64(seconds)
                .map_err(|error| ConfigError::new(format!("{flag} {seconds}: {error}")))
        };
        fn set<T: Clone>(setting: &mut T, flag: &Option<T>) {
            if let Some(value) = flag {
                *setting = value.clone();
            }
        }
        set(&mut self.listen, &arguments.address);
        set(&mut self.log, &arguments.log);
        set(&mut self.rooms.server.max_peers, &arguments.max_peers);
        set(&mut self.rooms.max_rooms, &arguments.max_rooms);
        set(&mut self.room.capacity, &arguments.capacity);
        if let Some(seconds) = arguments.empty_timeout {
            self.room.empty_timeout = time("--empty-timeout", seconds)?;
        }
        if let Some(seconds) = arguments.shutdown_timeout {
            self.shutdown.timeout = time("--shutdown-timeout", seconds)?;
        }
        if !arguments.origin.is_empty() {
            self.rooms.server.origins = OriginPolicy::List(arguments.origin.clone());
        }
        if !arguments.metrics_from.is_empty() {
            self.metrics.from = arguments.metrics_from.clone();
        }
        Ok(())
    }

    /// Checks the settings of this program. The library checks its own.
    fn check(&self) -> Result<(), ConfigError> {
        let invalid = |text: String| Err(ConfigError::new(text));
        let tls = self.tls.as_ref();
        for (key, time) in [
            ("shutdown.notice", self.shutdown.notice),
            ("shutdown.timeout", self.shutdown.timeout),
            ("lobby.create_interval", self.lobby.create_interval),
            ("lobby.list_interval", self.lobby.list_interval),
            ("tls.check_interval", tls.map_or(Duration::ZERO, |tls| tls.check_interval)),
        ] {
            if time > MAX_TIME {
                return invalid(format!("`{key}` is more than a day"));
            }
        }
        if self.shutdown.timeout.is_zero() {
            return invalid("`shutdown.timeout` is zero: no connection could be closed in it".to_owned());
        }
        // The logger would ignore these errors, or take a wrong level for the name of a module.
        for part in self.log.split(',') {
            let level = part.split_once('=').map_or(part, |(_, level)| level);
            if level.trim().parse::<log::LevelFilter>().is_err() {
                let levels = "error, warn, info, debug, trace and off";
                return invalid(format!(
                    "`log` is {:?}: {level:?} is no level; there are {levels}",
                    self.log
                ));
            }
        }
        Ok(())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:9080".to_owned(),
            log: "info".to_owned(),
            shutdown: Shutdown::default(),
            tls: None,
            metrics: MetricsAccess::default(),
            rooms: RoomServerOptions::default().server(ServerOptions::default().rate_limits(rate_limits())),
            lobby: LobbySettings::default(),
            room: LobbyOptions::default().room,
        }
    }
}

impl Default for LobbySettings {
    fn default() -> Self {
        let LobbyOptions { max_rooms, max_rooms_per_address, create_interval, list_interval, .. } =
            LobbyOptions::default();
        Self { max_rooms, max_rooms_per_address, create_interval, list_interval }
    }
}

/// The rates at which a player may send. They are far above what people do.
fn rate_limits() -> RateLimits {
    RateLimits::default().max_packets_per_second(100).max_bytes_per_second(256 * 1024)
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { notice: Duration::ZERO, timeout: Duration::from_secs(10) }
    }
}

impl Default for MetricsAccess {
    fn default() -> Self {
        let networks = [
            IpNet::new_assert([127, 0, 0, 0].into(), 8),
            IpNet::new_assert([10, 0, 0, 0].into(), 8),
            IpNet::new_assert([172, 16, 0, 0].into(), 12),
            IpNet::new_assert([192, 168, 0, 0].into(), 16),
            IpNet::new_assert([0, 0, 0, 0, 0, 0, 0, 1].into(), 128),
            IpNet::new_assert([0xfc00, 0, 0, 0, 0, 0, 0, 0].into(), 7),
            IpNet::new_assert([0xfe80, 0, 0, 0, 0, 0, 0, 0].into(), 10),
        ];
        Self { from: networks.to_vec() }
    }
}

fn default_check_interval() -> Duration {
    Duration::from_secs(60)
}

/// Reads a value as TOML. What is none is a string: quotes are inconvenient in a shell.
fn value_of(text: &str) -> Value {
    let table = toml::from_str::<Table>(&format!("value = {text}")).ok();
    let value = table.filter(|table| table.len() == 1).and_then(|mut table| table.remove("value"));
    value.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Replaces what the other table has, also within tables.
fn merge(table: &mut Table, other: Table) {
    for (key, value) in other {
        match (table.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(other)) => merge(inner, other),
            (_, value) => drop(table.insert(key, value)),
        }
    }
}

/// Sets a value of nested tables. Returns `None` if the key leads through something else.
fn insert(table: &mut Table, key: &str, value: Value) -> Option<()> {
    match key.split_once('.') {
        Some((first, rest)) => {
            let inner = table.entry(first).or_insert_with(|| Value::Table(Table::new()));
            insert(inner.as_table_mut()?, rest, value)
        }
        None => {
            table.insert(key.to_owned(), value);
            Some(())
        }
    }
}

#[cfg(test)]
mod tests;
