//! The house rules, as tests. Each reads the source tree, and when it fails it says where, and what to do instead.
//!
//! A rule is a function of a file in `tidy/`; beside it stand the planted violations that show that it notices.

#![cfg(not(target_family = "wasm"))]

#[path = "tidy/code.rs"]
mod code;
#[path = "tidy/habits.rs"]
mod habits;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/manifest.rs"]
mod manifest;
#[path = "tidy/papers.rs"]
mod papers;
#[path = "tidy/places.rs"]
mod places;
#[path = "tidy/programs.rs"]
mod programs;
#[path = "tidy/seam.rs"]
mod seam;
#[path = "tidy/tree.rs"]
mod tree;

use tree::{File, Tree};

/// Fails with everything that was found at once, a line each.
#[track_caller]
fn nothing_in(found: Vec<String>) {
    assert!(found.is_empty(), "{} found:\n{}\n", found.len(), found.join("\n"));
}

/// Holds each of these files against a rule.
#[track_caller]
fn hold<'a>(files: impl Iterator<Item = &'a File>, rule: impl Fn(&File) -> Vec<String>) {
    let mut count = 0;
    let found = files.inspect(|_| count += 1).flat_map(rule).collect();
    assert!(count > 0, "there was no file to hold against the rule");
    nothing_in(found);
}

#[test]
fn one_place_asks_about_the_target() {
    let tree = Tree::get();
    hold(tree.rust("src/"), seam::target_questions);
    nothing_in(seam::selections(tree.rust("src/")));
}

#[test]
fn layers_look_down_only() {
    let tree = Tree::get();
    hold(tree.rust("src/"), layers::look_down);
    nothing_in(layers::unplaced(tree.rust("src/")));
}

#[test]
fn what_is_sans_io_sees_no_socket_and_no_clock() {
    let tree = Tree::get();
    hold(tree.rust("src/").filter(|file| layers::is_sans_io(&file.path)), layers::sans_io);
}

#[test]
fn files_have_one_job() {
    hold(Tree::get().rust(""), habits::size);
}

#[test]
fn files_say_what_they_are() {
    hold(Tree::get().rust(""), habits::module_doc);
}

#[test]
fn unit_tests_stand_last_in_their_file() {
    hold(Tree::get().rust("src/"), habits::tests_last);
}

#[test]
fn nothing_is_half_done() {
    hold(Tree::get().rust(""), habits::half_done);
}

#[test]
fn the_library_neither_panics_nor_leaks() {
    hold(Tree::get().rust("src/"), habits::panics_and_leaks);
}

#[test]
fn a_silenced_lint_has_its_reason() {
    hold(Tree::get().rust(""), habits::silenced_lints);
}

#[test]
fn the_readme_mentions_every_public_type() {
    let tree = Tree::get();
    nothing_in(papers::missing_types(tree.text("src/lib.rs"), tree.text("README.md")));
}

#[test]
fn the_readme_mentions_every_feature() {
    let tree = Tree::get();
    nothing_in(papers::missing_features(tree.text("Cargo.toml"), tree.text("README.md")));
}

#[test]
fn the_papers_tell_the_version_of_the_manifest() {
    let tree = Tree::get();
    nothing_in(papers::readme_version(tree.text("Cargo.toml"), tree.text("README.md")));
    nothing_in(papers::changelog_version(tree.text("Cargo.toml"), tree.text("CHANGELOG.md")));
}

#[test]
fn the_papers_name_what_is_there() {
    let tree = Tree::get();
    nothing_in(papers::named_in_vain("docs/godot-wire.md", tree.text("docs/godot-wire.md"), tree.rust("")));
}

#[test]
fn the_programs_of_the_papers_can_be_pasted() {
    let tree = Tree::get();
    let papers = tree.files().filter(|file| file.path.ends_with(".md"));
    hold(papers.chain(tree.rust("src/")), programs::unusable);
    for example in ["examples/hello_client.rs", "examples/hello_server.rs"] {
        nothing_in(programs::not_shown(tree.text("README.md"), example, tree.text(example)));
    }
}

#[test]
fn every_feature_is_documented() {
    nothing_in(manifest::undocumented_features(Tree::get().text("Cargo.toml")));
}

#[test]
fn the_library_brings_no_async_runtime() {
    let tree = Tree::get();
    nothing_in(manifest::runtimes(tree.text("Cargo.toml"), tree.text("Cargo.lock")));
}

#[test]
fn nothing_names_a_place_on_somebodys_machine() {
    hold(Tree::get().files(), places::machine_paths);
}

#[test]
fn nothing_names_a_package_registry() {
    hold(Tree::get().files(), places::registries);
}
