//! A reader of units of systemd that knows the settings that ours uses. It is strict: another one is an error, because
//! systemd ignores settings with a typing error.

const SETTINGS: [(&str, &[&str]); 3] = [
    ("Unit", &["Description", "Documentation", "Wants", "After", "StartLimitIntervalSec", "StartLimitBurst"]),
    (
        "Service",
        &[
            "ExecStartPre",
            "ExecStart",
            "ExecReload",
            "Restart",
            "RestartSec",
            "KillSignal",
            "KillMode",
            "TimeoutStopSec",
            "LimitNOFILE",
            "MemoryMax",
            "TasksMax",
            "DynamicUser",
            "SupplementaryGroups",
            "AmbientCapabilities",
            "CapabilityBoundingSet",
            "NoNewPrivileges",
            "ProtectSystem",
            "ProtectHome",
            "PrivateTmp",
            "PrivateDevices",
            "PrivateUsers",
            "ProtectClock",
            "ProtectControlGroups",
            "ProtectHostname",
            "ProtectKernelLogs",
            "ProtectKernelModules",
            "ProtectKernelTunables",
            "ProtectProc",
            "ProcSubset",
            "RemoveIPC",
            "RestrictAddressFamilies",
            "RestrictNamespaces",
            "RestrictRealtime",
            "RestrictSUIDSGID",
            "LockPersonality",
            "MemoryDenyWriteExecute",
            "SystemCallArchitectures",
            "SystemCallFilter",
            "SystemCallErrorNumber",
            "UMask",
        ],
    ),
    ("Install", &["WantedBy"]),
];

/// The settings of a unit: section, name and value.
#[derive(Debug)]
pub struct Unit(Vec<(&'static str, String, String)>);

impl Unit {
    /// Reads a unit, also the settings that are turned off by a `#` before their name.
    ///
    /// # Errors
    /// The line, and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut settings = Vec::new();
        let mut section = None;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (line, is_on) = match line.strip_prefix('#') {
                Some(comment) if comment.is_empty() || comment.starts_with(' ') => continue,
                Some(setting) => (setting, false),
                None => (line, true),
            };
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                let known = SETTINGS.iter().find(|(known, _)| *known == name);
                section = Some(known.ok_or_else(|| format!("{line}: an unknown section"))?);
                continue;
            }
            let (name, value) = line.split_once('=').ok_or_else(|| format!("{line}: not a setting"))?;
            let (section, known) = section.ok_or_else(|| format!("{line}: it is before the sections"))?;
            if !known.contains(&name) {
                return Err(format!("{line}: not a setting of [{section}] that this unit uses"));
            }
            if is_on {
                settings.push((*section, name.to_owned(), value.to_owned()));
            }
        }
        Ok(Self(settings))
    }

    /// Returns the value of a setting.
    pub fn value(&self, section: &str, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(at, key, _)| (*at, key.as_str()) == (section, name));
        found.next().map(|(_, _, value)| value.as_str())
    }
}

#[test]
fn units_that_are_wrong_are_refused() {
    const GOOD: &str = "# a\n[Unit]\nAfter=x\n\n[Service]\n#TasksMax=5\nUMask=0077\n";
    let good = Unit::parse(GOOD).expect("it is right");
    assert_eq!((good.value("Service", "UMask"), good.value("Service", "TasksMax")), (Some("0077"), None));
    for (good, bad) in [
        ("After=x", "Afterr=x"),
        ("After=x", "UMask=x"),
        ("After=x", "After"),
        ("#TasksMax", "#TaskMax"),
        ("[Service]", "[Server]"),
        ("[Unit]\n", ""),
    ] {
        assert!(GOOD.contains(good), "{good}");
        let text = GOOD.replacen(good, bad, 1);
        assert!(Unit::parse(&text).is_err(), "{text}");
    }
}
