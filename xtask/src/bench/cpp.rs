//! Compiles the servers in C++, each as its library's own build does, and only if it has changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;

use crate::apt::Apt;
use crate::project::Project;

/// The folder of the programs, relative to the repository.
pub const FOLDER: &str = "bench/target/cpp";

pub const UWEBSOCKETS: CppServer = CppServer { program: "uwebsockets", source: "uwebsockets.cpp" };
pub const UWEBSOCKETS_OVER_TLS: CppServer =
    CppServer { program: "uwebsockets_tls", source: "uwebsockets.cpp" };
pub const BEAST: CppServer = CppServer { program: "beast", source: "beast.cpp" };

/// The crate with the source of uWebSockets.
pub const CRATE: &str = "libuwebsockets-sys";

const SOURCES: &str = "bench/cpp";
const COMPILERS: [&str; 2] = ["gcc", "g++"];
const HEADERS: [&str; 2] = ["boost/beast.hpp", "openssl/ssl.h"];
const DEBIAN_PACKAGES: [&str; 4] = ["gcc", "g++", "libboost-dev", "libssl-dev"];

/// The flags of uSockets and uWebSockets for a release; `-w`, because their warnings are not about this project.
const C: &str = "-O3 -flto=auto -std=c11 -w";
const CPP: &str = "-O3 -flto=auto -march=native -std=c++20 -DUWS_NO_ZLIB -w";
const PLAIN_BEAST: &str = "-O3 -march=native -std=c++20";

/// The parts of uSockets with `epoll` and without QUIC.
const USOCKETS: [&str; 6] = ["bsd.c", "context.c", "loop.c", "socket.c", "udp.c", "eventing/epoll_kqueue.c"];
const USOCKETS_TLS: [&str; 2] = ["crypto/openssl.c", "crypto/sni_tree.cpp"];

/// A server in C++.
pub struct CppServer {
    /// Its name in [`FOLDER`].
    pub program: &'static str,
    source: &'static str,
}

/// Compiles all of them.
pub async fn build(project: &Project) -> Result<()> {
    require(project).await?;
    let library = source_of_uwebsockets(project)?;
    compile(project, &UWEBSOCKETS, &uwebsockets(&library, &UWEBSOCKETS, false)).await?;
    compile(project, &UWEBSOCKETS_OVER_TLS, &uwebsockets(&library, &UWEBSOCKETS_OVER_TLS, true)).await?;
    compile(project, &BEAST, &[line("g++", PLAIN_BEAST, &[&BEAST.path()], &BEAST.output())]).await
}

/// Installs the compilers and the headers of Boost and OpenSSL if some are missing.
async fn require(project: &Project) -> Result<()> {
    let compilers = COMPILERS.iter().all(|compiler| project.which(compiler).is_some());
    let has_header = |name: &&str| header(name).is_some();
    if compilers && HEADERS.iter().all(has_header) {
        return Ok(());
    }
    let Some(apt) = Apt::find(project).await else {
        bail!("gcc, g++ and the headers of Boost and OpenSSL are needed, and some are not installed here");
    };
    apt.install(&DEBIAN_PACKAGES).await
}

/// Returns the path of a header.
fn header(name: &str) -> Option<PathBuf> {
    ["/usr/include", "/usr/local/include"]
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.exists())
}

/// Returns the version of Boost.
pub fn boost_version() -> Option<String> {
    let text = fs::read_to_string(header("boost/version.hpp")?).ok()?;
    Some(quoted_definition(&text, "BOOST_LIB_VERSION")?.replace('_', "."))
}

/// Returns the version of OpenSSL, with which uWebSockets is compiled.
pub fn openssl_version() -> Option<String> {
    let text = fs::read_to_string(header("openssl/opensslv.h")?).ok()?;
    Some(quoted_definition(&text, "OPENSSL_FULL_VERSION_STR")?.to_owned())
}

/// Reads `1_74` in `# define NAME "1_74"`.
fn quoted_definition<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find_map(|line| {
        let rest = line.trim_start_matches(['#', ' ']).strip_prefix("define ")?;
        rest.trim_start().strip_prefix(name).filter(|value| value.contains('"'))
    })?;
    line.split('"').nth(1)
}

/// Returns the folder of uWebSockets in cargo's registry, after cargo has downloaded it.
fn source_of_uwebsockets(project: &Project) -> Result<PathBuf> {
    let manifest = project.root().join(SOURCES).join("Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(&manifest).exec()?;
    let package = metadata.packages.iter().find(|package| *package.name == CRATE);
    let package = package.with_context(|| format!("{} does not name {CRATE}", manifest.display()))?;
    let folder = package.manifest_path.parent().context("a manifest has no folder")?;
    Ok(folder.join("uWebSockets").into_std_path_buf())
}

/// The command lines that compile uSockets, and then the server with uWebSockets, which is all in headers.
fn uwebsockets(library: &Path, program: &CppServer, tls: bool) -> Vec<Vec<String>> {
    let (define, links) =
        if tls { ("-DLIBUS_USE_OPENSSL", "-lssl -lcrypto") } else { ("-DLIBUS_NO_SSL", "") };
    let includes = ["src", "uSockets/src"].map(|folder| format!("-I{}", library.join(folder).display()));
    let options = |flags: &str| format!("{flags} {define} {}", includes.join(" "));
    let sources = USOCKETS.iter().chain(USOCKETS_TLS.iter().filter(|_| tls));
    let mut lines = Vec::new();
    let mut inputs = vec![program.path()];
    for source in sources {
        let name = source.rsplit('/').next().unwrap_or(source);
        let object = format!("{}.{name}.o", program.output());
        let path = library.join("uSockets/src").join(source).display().to_string();
        let (compiler, flags) = if name.ends_with(".c") { ("gcc", C) } else { ("g++", CPP) };
        lines.push(line(compiler, &options(flags), &["-c", &path], &object));
        inputs.push(object);
    }
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).chain(links.split_whitespace()).collect();
    lines.push(line("g++", &options(CPP), &inputs, &program.output()));
    lines
}

fn line(compiler: &str, flags: &str, inputs: &[&str], output: &str) -> Vec<String> {
    let words = [compiler].into_iter().chain(flags.split_whitespace()).chain(inputs.iter().copied());
    words.chain(["-o", output]).map(str::to_owned).collect()
}

/// Runs the command lines, unless the program is newer than its source and was made by the same ones.
async fn compile(project: &Project, program: &CppServer, lines: &[Vec<String>]) -> Result<()> {
    let path = project.root().join(program.output());
    let record = path.with_extension("commands");
    let wanted: String = lines.iter().map(|line| line.join(" ") + "\n").collect();
    let is_made_so = fs::read_to_string(&record).is_ok_and(|made| made == wanted);
    if is_made_so && modified(&path) > newest_source(project)? {
        return Ok(());
    }
    fs::create_dir_all(project.root().join(FOLDER)).with_context(|| format!("cannot make {FOLDER}"))?;
    for line in lines {
        project.command(&line[0]).args(&line[1..]).run().await?;
    }
    fs::write(&record, wanted).with_context(|| format!("cannot write {}", record.display()))
}

fn newest_source(project: &Project) -> Result<Option<SystemTime>> {
    let folder = project.root().join(SOURCES);
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let times = entries.map(|entry| Ok(modified(&entry?.path()))).collect::<Result<Vec<_>>>()?;
    Ok(times.into_iter().max().flatten())
}

/// Returns the time of a file, or `None` if it is missing.
fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

impl CppServer {
    fn path(&self) -> String {
        format!("{SOURCES}/{}", self.source)
    }

    fn output(&self) -> String {
        format!("{FOLDER}/{}", self.program)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_definitions() {
        let text = "#define BOOST_VERSION 107400\n#define BOOST_LIB_VERSION \"1_74\"\n";
        assert_eq!(quoted_definition(text, "BOOST_LIB_VERSION"), Some("1_74"));
        assert_eq!(quoted_definition("# define FULL \"3.0.1\"", "FULL"), Some("3.0.1"));
        assert_eq!(quoted_definition(text, "OTHER"), None);
    }

    #[test]
    fn a_server_with_tls_has_more_sources() {
        let library = Path::new("library");
        let [plain, tls] = [false, true].map(|tls| uwebsockets(library, &UWEBSOCKETS, tls));
        assert_eq!((plain.len(), tls.len()), (USOCKETS.len() + 1, USOCKETS.len() + USOCKETS_TLS.len() + 1));
        assert!(plain.iter().all(|line| line.contains(&"-DLIBUS_NO_SSL".to_owned())));
        assert_eq!(tls.last().unwrap().last().unwrap(), "bench/target/cpp/uwebsockets");
        assert!(tls.last().unwrap().contains(&"-lssl".to_owned()));
    }
}
