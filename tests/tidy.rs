//! The house rules, as tests. Each reads the source tree, and reports where a rule is broken and what to do instead.
//!
//! A rule is a function in `tidy/`, with planted violations beside it, which prove that it works.

#![cfg(not(target_family = "wasm"))]

#[path = "tidy/blocks.rs"]
mod blocks;
#[path = "tidy/code.rs"]
mod code;
#[path = "tidy/docs.rs"]
mod docs;
#[path = "tidy/habits.rs"]
mod habits;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/manifest.rs"]
mod manifest;
#[path = "tidy/places.rs"]
mod places;
#[path = "tidy/programs.rs"]
mod programs;
#[path = "tidy/seam.rs"]
mod seam;
#[path = "tidy/snippets.rs"]
mod snippets;
#[path = "tidy/tree.rs"]
mod tree;
#[path = "tidy/tutorial.rs"]
mod tutorial;
#[path = "tidy/types.rs"]
mod types;
#[path = "tidy/words.rs"]
mod words;

use tree::{File, Tree};

/// Fails with all violations at once, one per line.
#[track_caller]
fn report(found: Vec<String>) {
    assert!(found.is_empty(), "{} found:\n{}\n", found.len(), found.join("\n"));
}

/// Checks each of these files.
#[track_caller]
fn check<'a>(files: impl Iterator<Item = &'a File>, rule: impl Fn(&File) -> Vec<String>) {
    let mut count = 0;
    let found = files.inspect(|_| count += 1).flat_map(rule).collect();
    assert!(count > 0, "there are no files to check");
    report(found);
}

#[test]
fn one_place_asks_about_the_target() {
    let tree = Tree::get();
    check(tree.rust("src/"), seam::target_questions);
    report(seam::selections(tree.rust("src/")));
}

#[test]
fn layers_import_downward_only() {
    let tree = Tree::get();
    check(tree.rust("src/"), layers::look_down);
    report(layers::unplaced(tree.rust("src/")));
}

#[test]
fn sans_io_code_uses_no_socket_and_no_clock() {
    let tree = Tree::get();
    check(tree.rust("src/").filter(|file| layers::is_sans_io(&file.path)), layers::sans_io);
}

#[test]
fn files_have_one_job() {
    check(Tree::get().rust(""), habits::size);
}

#[test]
fn files_begin_with_their_purpose() {
    check(Tree::get().rust(""), habits::module_doc);
}

#[test]
fn unit_tests_stand_last_in_their_file() {
    check(Tree::get().rust("src/"), habits::tests_last);
}

#[test]
fn no_code_is_half_done() {
    check(Tree::get().rust(""), habits::half_done);
}

#[test]
fn the_library_neither_panics_nor_leaks() {
    check(Tree::get().rust("src/"), habits::panics_and_leaks);
}

#[test]
fn only_the_imports_from_javascript_are_unsafe() {
    check(Tree::get().rust(""), habits::unsafe_code);
}

#[test]
fn a_silenced_lint_has_its_reason() {
    check(Tree::get().rust(""), habits::silenced_lints);
}

#[test]
fn the_readme_is_short_and_names_every_feature() {
    let (manifest, readme) = (Tree::get().text("Cargo.toml"), Tree::get().text("README.md"));
    report([docs::readme_length(readme), docs::missing_features(manifest, readme)].concat());
}

#[test]
fn documents_have_the_version_of_the_manifest() {
    let tree = Tree::get();
    let manifest = tree.text("Cargo.toml");
    report(docs::readme_version(manifest, tree.text("README.md")));
    report(docs::changelog_version(manifest, tree.text("CHANGELOG.md")));
}

#[test]
fn documents_name_what_exists() {
    let tree = Tree::get();
    report(docs::missing_names("docs/godot-wire.md", tree.text("docs/godot-wire.md"), tree.rust("")));
}

#[test]
fn commands_in_documents_name_what_exists() {
    let tree = Tree::get();
    check(tree.documents(), |document| docs::missing_programs(document, tree.files()));
}

#[test]
fn no_link_is_dead() {
    let tree = Tree::get();
    let text = |path: &str| tree.files().find(|file| file.path == path).map(|file| file.text.as_str());
    check(tree.documents(), |file| docs::dead_links(file, text, Tree::exists));
    check(tree.rust("src/"), docs::repository_links);
}

#[test]
fn documents_show_no_hidden_lines() {
    check(Tree::get().documents(), docs::hidden_lines);
}

#[test]
fn no_refused_word_is_used() {
    check(Tree::get().files().filter(|file| words::applies_to(file)), words::refused);
}

#[test]
fn no_two_types_share_a_name() {
    report(types::shared_names(Tree::get().rust("src/")));
}

#[test]
fn programs_in_documents_can_be_pasted() {
    let tree = Tree::get();
    check(tree.documents().chain(tree.rust("src/")), programs::unusable);
    for example in ["examples/hello_client.rs", "examples/hello_server.rs"] {
        report(programs::not_shown(tree.text("README.md"), example, tree.text(example)));
    }
}

#[test]
fn the_tutorial_is_its_package() {
    let tree = Tree::get();
    let files: Vec<&File> = tree.files().filter(|file| tutorial::is_shown(file)).collect();
    let manifest = tree.text("examples/tutorial/Cargo.toml");
    report(tutorial::differences(tree.text("docs/tutorial.md"), manifest, &files));
}

#[test]
fn the_code_of_integrations_is_compiled() {
    let tree = Tree::get();
    let read = |path: &str| tree.files().find(|file| file.path == path).map(|file| file.text.as_str());
    report(snippets::missing(tree.text("docs/integrations.md"), read));
}

#[test]
fn every_feature_is_documented() {
    report(manifest::undocumented_features(Tree::get().text("Cargo.toml")));
}

#[test]
fn the_library_brings_no_async_runtime() {
    let tree = Tree::get();
    report(manifest::runtimes(tree.text("Cargo.toml"), tree.text("Cargo.lock")));
}

#[test]
fn all_workspaces_have_one_version_of_wasm_bindgen() {
    let locks = Tree::get().files().filter(|file| file.path.ends_with("Cargo.lock"));
    let locks: Vec<_> = locks.map(|file| (&*file.path, &*file.text)).collect();
    report(manifest::other_versions_of_wasm_bindgen(&locks));
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    check(Tree::get().files(), places::machine_paths);
}

#[test]
fn no_file_names_a_package_registry() {
    check(Tree::get().files(), places::registries);
}
