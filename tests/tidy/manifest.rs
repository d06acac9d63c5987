//! Rules for Cargo.toml and Cargo.lock.

use std::collections::BTreeSet;

/// Async runtimes. The user's program has its own loop.
const RUNTIMES: [&str; 15] = [
    "actix-rt",
    "async-executor",
    "async-global-executor",
    "async-io",
    "async-std",
    "compio",
    "embassy-executor",
    "futures-executor",
    "glommio",
    "monoio",
    "pollster",
    "smol",
    "tokio",
    "tokio-util",
    "wasm-bindgen-futures",
];

/// The value of a key of the package: `version` is `0.1.0`.
#[track_caller]
pub fn package_value<'a>(manifest: &'a str, key: &str) -> &'a str {
    let lines = section(manifest, |header| header == "[package]");
    let value =
        lines.iter().find_map(|line| Some(line.strip_prefix(key)?.trim_start().strip_prefix('=')?.trim()));
    value.unwrap_or_else(|| panic!("Cargo.toml: the package has no `{key}`")).trim_matches('"')
}

/// The public features. One that begins with an underscore is only for this repository.
pub fn features(manifest: &str) -> Vec<&str> {
    all_features(manifest).into_iter().filter(|name| !name.starts_with('_')).collect()
}

/// The crates of `[dependencies]`.
pub fn dependencies(manifest: &str) -> Vec<&str> {
    section(manifest, |header| header == "[dependencies]").into_iter().filter_map(key).collect()
}

fn all_features(manifest: &str) -> Vec<&str> {
    let lines = section(manifest, |header| header == "[features]");
    lines.iter().filter_map(|line| key(line)).filter(|name| *name != "default").collect()
}

/// Features without a line that begins with `##` above them.
pub fn undocumented_features(manifest: &str) -> Vec<String> {
    let lines = section(manifest, |header| header == "[features]");
    let documented = |name: &str| {
        let at = lines.iter().position(|line| key(line) == Some(name));
        at.and_then(|at| lines.get(at.checked_sub(1)?)).is_some_and(|above| above.starts_with("## "))
    };
    let missing = all_features(manifest).into_iter().filter(|name| !documented(name));
    missing
        .map(|name| format!("Cargo.toml: say above feature `{name}`, after `##`, what it is for"))
        .collect()
}

/// Async runtimes among all dependencies of the library, on any target and with any feature.
pub fn runtimes(manifest: &str, lock: &str) -> Vec<String> {
    let packages = packages(lock);
    let is_dependencies = |header: &str| header.ends_with("dependencies]") && !header.contains("dev-");
    let direct = section(manifest, is_dependencies);
    let mut waiting: Vec<&str> = direct.iter().filter_map(|line| key(line)).collect();
    assert!(!waiting.is_empty(), "Cargo.toml has no dependencies, as this test reads it");

    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    while let Some(dependency) = waiting.pop() {
        if !seen.insert(dependency) {
            continue;
        }
        // The lock adds the version only where there are several.
        let (name, version) = dependency.split_once(' ').unwrap_or((dependency, ""));
        let known = packages.iter().filter(|package| package.name == name);
        let same: Vec<_> = known.filter(|package| version.is_empty() || package.version == version).collect();
        assert!(!same.is_empty(), "Cargo.lock does not know `{dependency}`: is it up to date?");
        if RUNTIMES.contains(&name) {
            found.push(format!("Cargo.toml: `{name}` is an async runtime; the library is polled"));
        }
        waiting.extend(same.iter().flat_map(|package| &package.dependencies));
    }
    found
}

/// Lock files with another version of wasm-bindgen than the main one. `cargo xtask` installs the program of wasm-bindgen once, and it
/// accepts only modules of its own version.
pub fn other_versions_of_wasm_bindgen(locks: &[(&str, &str)]) -> Vec<String> {
    const MAIN: &str = "Cargo.lock";
    let versions = |lock| {
        let packages = packages(lock).into_iter().filter(|package| package.name == "wasm-bindgen");
        packages.map(|package| package.version).collect::<Vec<_>>()
    };
    let main =
        locks.iter().find(|(path, _)| *path == MAIN).map(|(_, lock)| versions(lock)).unwrap_or_default();
    let [wanted] = main[..] else {
        return vec![format!("{MAIN}: the versions of wasm-bindgen are {main:?}")];
    };
    let found =
        locks.iter().flat_map(|(path, lock)| versions(lock).into_iter().map(move |version| (path, version)));
    let others = found.filter(|(_, version)| *version != wanted);
    others
        .map(|(path, version)| format!("{path}: wasm-bindgen is {version}, and {wanted} in {MAIN}"))
        .collect()
}

struct Package<'a> {
    name: &'a str,
    version: &'a str,
    dependencies: Vec<&'a str>,
}

fn packages(lock: &str) -> Vec<Package<'_>> {
    let blocks = lock.split("[[package]]").skip(1);
    blocks
        .map(|block| {
            let value =
                |key: &str| block.lines().find_map(|line| Some(line.strip_prefix(key)?.trim_matches('"')));
            let dependencies = block.lines().filter_map(|line| line.strip_prefix(" \"")?.strip_suffix("\","));
            Package {
                name: value("name = ").unwrap_or_default(),
                version: value("version = ").unwrap_or_default(),
                dependencies: dependencies.collect(),
            }
        })
        .collect()
}

/// The lines of the sections with such headers.
fn section(manifest: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<&str> {
    let mut wanted = false;
    let mut lines = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            wanted = is_wanted(line);
        } else if wanted {
            lines.push(line);
        }
    }
    lines
}

/// `tls` in `tls = ["dep:rustls"]`; what continues a value is indented or a bracket.
fn key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    line.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_').then(|| key.trim())
}

#[cfg(test)]
mod planted {
    use super::*;

    const MANIFEST: &str = "[package]\nname = \"p\"\nversion = \"1.2.3\"\n\
        [features]\ndefault = [\"a\"]\n## For a.\na = []\nb = [\n    \"a\",\n]\n_c = []\n\
        [dependencies]\none = \"1\"\n\
        [target.'cfg(x)'.dependencies]\ntwo = { version = \"1\", features = [\n    \"f\",\n] }\n\
        [dev-dependencies]\ntokio = \"1\"\n";

    #[test]
    fn a_manifest_is_read() {
        assert_eq!(package_value(MANIFEST, "version"), "1.2.3");
        assert_eq!(features(MANIFEST), ["a", "b"]);
        assert_eq!(dependencies(MANIFEST), ["one"]);
        assert_eq!(undocumented_features(MANIFEST).len(), 2, "b and _c");
    }

    #[test]
    fn other_versions_of_wasm_bindgen_are_found() {
        let lock = |version: &str| format!("[[package]]\nname = \"wasm-bindgen\"\nversion = \"{version}\"\n");
        let (one, two) = (lock("0.2.1"), lock("0.2.2"));
        let found = |locks: &[(&str, &str)]| other_versions_of_wasm_bindgen(locks).len();
        assert_eq!(found(&[("Cargo.lock", &one), ("a/Cargo.lock", &one), ("b/Cargo.lock", "")]), 0);
        assert_eq!(found(&[("a/Cargo.lock", &two), ("Cargo.lock", &one), ("b/Cargo.lock", &two)]), 2);
        assert_eq!(found(&[("Cargo.lock", &[&*one, &two].concat())]), 1, "two versions in the main one");
        assert_eq!(found(&[("a/Cargo.lock", &one)]), 1, "no main one");
    }

    #[test]
    fn a_runtime_is_found_however_deep() {
        let lock = |three: &str| {
            format!(
                "version = 4\n\n[[package]]\nname = \"one\"\nversion = \"1.0.0\"\n\n\
                 [[package]]\nname = \"two\"\nversion = \"1.0.0\"\ndependencies = [\n \"three 2.0.0\",\n]\n\n\
                 [[package]]\nname = \"three\"\nversion = \"1.0.0\"\ndependencies = [\n \"smol\",\n]\n\n\
                 [[package]]\nname = \"three\"\nversion = \"2.0.0\"\ndependencies = [\n \"one\",\n{three}]\n\n\
                 [[package]]\nname = \"smol\"\nversion = \"1.0.0\"\n\n\
                 [[package]]\nname = \"tokio\"\nversion = \"1.0.0\"\n"
            )
        };
        assert_eq!(
            runtimes(MANIFEST, &lock("")).len(),
            0,
            "tokio and smol are dependencies of other packages"
        );
        assert_eq!(runtimes(MANIFEST, &lock(" \"tokio\",\n")).len(), 1);
    }
}
