//! The fuzz targets without a fuzzer: all saved inputs, and random mutations of them.
//!
//! Each run uses a new seed. A failure prints the seed, which `FUZZ_SEED` takes, and the path of its input.

#![cfg(not(target_family = "wasm"))]

use std::{
    collections::BTreeSet,
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
};

use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
use websocket_peer::fuzz::{run, targets};

/// The number of mutated inputs for each target.
const MUTATIONS: usize = 2000;

/// The maximum length of a mutated input. Many short ones find more than a few long ones.
const MAX_LEN: usize = 1024;

#[test]
fn every_saved_input_passes() {
    for target in targets() {
        let saved = saved(target);
        assert!(!saved.is_empty(), "{target} has no saved input");
        for (path, input) in saved {
            attempt(target, &input, || path.display().to_string());
        }
    }
}

#[test]
fn mutated_inputs_pass() {
    let seed = env::var("FUZZ_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().expect("a number"));
    for target in targets() {
        let saved: Vec<_> = saved(target).into_iter().map(|(_, input)| input).collect();
        let mut random = StdRng::seed_from_u64(seed);
        for _ in 0..MUTATIONS {
            let input = mutate(&saved, &mut random);
            attempt(target, &input, || format!("{}, of FUZZ_SEED={seed}", save(target, &input).display()));
        }
    }
}

#[test]
fn every_target_has_a_program_and_a_corpus() {
    let known: BTreeSet<String> = targets().map(str::to_owned).collect();
    let stems = |folder: &str| -> BTreeSet<String> {
        let paths = files(&root().join(folder));
        let stem = |path: PathBuf| Some(path.file_stem()?.to_str()?.to_owned());
        paths.into_iter().filter_map(stem).collect()
    };
    assert_eq!(stems("fuzz_targets"), known, "the programs in fuzz/fuzz_targets differ from the targets");
    assert_eq!(stems("corpus"), known, "the folders in fuzz/corpus differ from the targets");
    let regressions = stems("regressions");
    assert!(regressions.is_subset(&known), "fuzz/regressions has folders without a target: {regressions:?}");
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("fuzz/Cargo.toml is there");
    for target in known {
        let path = format!("path = \"fuzz_targets/{target}.rs\"");
        assert!(manifest.contains(&path), "fuzz/Cargo.toml lacks {path}");
    }
}

/// Runs a target, and prints the input if it fails.
fn attempt(target: &str, input: &[u8], name: impl FnOnce() -> String) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(target, input))) {
        eprintln!("{target} fails with {}\n{}", name(), input.escape_ascii());
        resume_unwind(panic);
    }
}

/// Saves an input that failed, and returns its path.
fn save(target: &str, input: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{target}"));
    fs::write(&path, input).expect("a file can be written");
    path
}

/// The saved inputs of a target, in a fixed order.
fn saved(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folders = ["corpus", "regressions"].map(|folder| root().join(folder).join(target));
    let mut paths: Vec<_> =
        folders.iter().filter(|folder| folder.exists()).flat_map(|path| files(path)).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let input = fs::read(&path).expect("a file can be read");
        (path, input)
    };
    paths.into_iter().map(read).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("a folder can be listed").path()).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// A saved input with a few mutations of the kinds that fuzzers make.
fn mutate(saved: &[Vec<u8>], random: &mut StdRng) -> Vec<u8> {
    let mut input = choose(saved, random).to_vec();
    for _ in 0..random.random_range(1..=4) {
        let at = random.random_range(0..=input.len());
        let end = random.random_range(at..=input.len().min(at + 16));
        match random.random_range(0..6) {
            0 => drop(input.drain(at..end)),
            1 => input.insert(at, random.random()),
            2 => random.fill_bytes(&mut input[at..end]),
            3 => input[at..end].iter_mut().for_each(|byte| *byte ^= 1 << random.random_range(0..8)),
            4 => input.extend_from_within(at..end),
            _ => {
                let other = choose(saved, random);
                let from = random.random_range(0..=other.len());
                input.splice(at.., other[from..].iter().copied());
            }
        }
    }
    input.truncate(MAX_LEN);
    input
}

fn choose<'a>(saved: &'a [Vec<u8>], random: &mut StdRng) -> &'a [u8] {
    &saved[random.random_range(0..saved.len())]
}
