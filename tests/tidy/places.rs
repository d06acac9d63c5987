//! Paths and hosts of one machine. The names are written in halves, so that this file has none.

use crate::code::is_word;
use crate::tree::File;

/// Folders of people and build machines.
const FOLDERS: [&str; 6] = [
    concat!("/ho", "me"),
    concat!("/t", "mp"),
    concat!("/Us", "ers"),
    concat!("/wo", "rk"),
    concat!("C:", "\\"),
    // The root node of a Godot game has this name, too; only hidden files are a machine's.
    concat!("/ro", "ot/."),
];

/// Hosts of registries, and settings that select one.
const REGISTRIES: [&str; 9] = [
    concat!("crates", ".io"),
    concat!("npm", "js."),
    concat!("yarn", "pkg."),
    concat!("py", "pi.org"),
    concat!("python", "hosted."),
    concat!("index", "-url"),
    concat!("replace", "-with"),
    concat!("\"res", "olved\": \"http"),
    concat!("regis", "try="),
];

/// What Cargo writes for the public registry.
const LOCKED: &str = concat!("source = \"registry+https://github.com/rust-lang/crates", ".io-index\"");

/// Absolute paths of one machine.
pub fn machine_paths(file: &File) -> Vec<String> {
    let places = |folder: &&str| -> Vec<String> {
        let starts = file.text.match_indices(*folder).map(|(at, _)| at);
        let whole = starts.filter(|at| {
            let before = file.text[..*at].chars().next_back();
            let after = file.text[at + folder.len()..].chars().next();
            let begins = before.is_none_or(|c| !is_word(c) && !matches!(c, '.' | '-' | '}' | '/'));
            begins && (folder.ends_with(['\\', '.']) || after.is_none_or(|c| !is_word(c) && c != '-'))
        });
        whole
            .map(|at| {
                file.at(at, &format!("`{folder}` exists on one machine only; find the path at run time"))
            })
            .collect()
    };
    FOLDERS.iter().flat_map(places).collect()
}

/// Hosts of package registries, and lock files that would fetch from elsewhere than the public one.
pub fn registries(file: &File) -> Vec<String> {
    let is_lock = file.path.ends_with("Cargo.lock");
    let mut found = Vec::new();
    let mut offset = 0;
    for line in file.text.split_inclusive('\n') {
        if is_lock && line.starts_with("source = ") && line.trim_end() != LOCKED {
            found.push(file.at(offset, "a package that is not from the public registry"));
        } else if !is_lock {
            let named = REGISTRIES.iter().filter(|name| line.contains(**name));
            found.extend(named.map(|name| {
                file.at(offset, &format!("`{name}`: each machine has its own source of packages; remove it"))
            }));
        }
        offset += line.len();
    }
    found
}

#[cfg(test)]
mod planted {
    use super::*;

    #[test]
    fn machine_paths_are_seen() {
        for folder in &FOLDERS[..4] {
            for text in ["F", "cd F/x", "\"F/a\"", "`F`", "=F/x\n"] {
                let text = text.replace('F', folder);
                assert_eq!(machine_paths(&File::new("a.md", &text)).len(), 1, "{text}");
            }
            for text in ["aF/x", "./F", "ws://hostF", "Fer/x", "../F", "F-around"] {
                let text = text.replace('F', folder);
                assert_eq!(machine_paths(&File::new("a.md", &text)).len(), 0, "{text}");
            }
        }
        for folder in &FOLDERS[4..] {
            assert_eq!(machine_paths(&File::new("a.md", &format!("{folder}a"))).len(), 1);
        }
    }

    #[test]
    fn registries_are_seen() {
        for name in REGISTRIES {
            assert_eq!(registries(&File::new("a.json", &format!("a\n  {name}x\n"))).len(), 1, "{name}");
        }
        assert_eq!(registries(&File::new("Cargo.lock", &format!("{LOCKED}\n"))).len(), 0);
        let mirror = "version = 4\nsource = \"registry+https://mirror.example/index\"\n";
        let found = registries(&File::new("fuzz/Cargo.lock", mirror));
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("fuzz/Cargo.lock:2:"), "{found:?}");
    }
}
