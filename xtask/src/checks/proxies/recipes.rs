//! Adapts the recipes of `docs/` to the test: other names, ports and certificates, and shorter timeouts. Everything
//! else in them is tested as it stands.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use testkit::certs::Identity;

use crate::ports::loopback;
use crate::process::Cmd;
use crate::project::Project;

/// The shortened timeout of the recipe for a silent connection, in seconds.
pub const SHORT: u64 = 3;

/// A proxy's ports, certificate, and the port of the server behind it.
pub struct Setup {
    pub plain: u16,
    pub secure: u16,
    upstream: u16,
    directory: PathBuf,
    certificates: PathBuf,
    key: PathBuf,
}

impl Setup {
    /// Makes the setup for the proxy of this name.
    pub fn make(project: &Project, name: &str, identity: &Identity, upstream: u16) -> Result<Self> {
        let directory = project.target().join("proxies").join(name);
        fs::create_dir_all(&directory)?;
        let (certificates, key) = (directory.join("certificates.pem"), directory.join("key.pem"));
        fs::write(&certificates, &identity.certificates_pem)?;
        fs::write(&key, &identity.key_pem)?;
        Ok(Self { plain: free_port()?, secure: free_port()?, upstream, directory, certificates, key })
    }

    pub fn nginx(&self, project: &Project, program: &Path) -> Result<Cmd> {
        let Self { plain, secure, upstream, .. } = self;
        let game = adapted(
            project,
            "nginx.conf",
            &[
                ("listen 443 ssl;", format!("listen 127.0.0.1:{secure} ssl;")),
                ("listen [::]:443 ssl;", format!("listen 127.0.0.1:{plain};")),
                ("server_name game.example;", "server_name localhost;".into()),
                ("/etc/ssl/game.example/fullchain.pem", quoted(&self.certificates)),
                ("/etc/ssl/game.example/privkey.pem", quoted(&self.key)),
                ("http://127.0.0.1:9080;", format!("http://127.0.0.1:{upstream};")),
                ("proxy_read_timeout 75s;", format!("proxy_read_timeout {SHORT}s;")),
                ("proxy_send_timeout 75s;", format!("proxy_send_timeout {SHORT}s;")),
            ],
        )?;
        let kept: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("    {what}_temp_path {what};\n"))
            .concat();
        let whole = format!(
            "daemon off;\npid nginx.pid;\nerror_log stderr;\nevents {{}}\n\
             http {{\n    access_log off;\n{kept}{game}}}\n"
        );
        let path = self.directory.join("nginx.conf");
        fs::write(&path, whole)?;
        let command = project.command(&program.to_string_lossy());
        Ok(command.args(["-e", "stderr", "-p"]).arg(&self.directory).arg("-c").arg(&path))
    }

    pub fn caddy(&self, project: &Project, program: &Path) -> Result<Cmd> {
        let Self { plain, secure, upstream, .. } = self;
        // Caddy does not allow a site that is both plain and secure, and its redirects would use a fixed port.
        let site = |head: String| {
            let upstream = format!("reverse_proxy 127.0.0.1:{upstream}");
            let changes = [("game.example {", head), ("reverse_proxy 127.0.0.1:9080", upstream)];
            adapted(project, "Caddyfile", &changes)
        };
        let tls = format!("tls {} {}", quoted(&self.certificates), quoted(&self.key));
        let plain = site(format!("http://localhost:{plain} {{\n\tbind 127.0.0.1"))?;
        let secure = site(format!("https://localhost:{secure} {{\n\tbind 127.0.0.1\n\t{tls}"))?;
        let whole = format!("{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{plain}{secure}");
        let path = self.directory.join("Caddyfile");
        fs::write(&path, whole)?;
        let command = project.command(&program.to_string_lossy());
        // Caddy stores its data here.
        let command = command.env("XDG_DATA_HOME", &self.directory).env("XDG_CONFIG_HOME", &self.directory);
        Ok(command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&path))
    }
}

/// Returns a recipe with these changes. The text to replace must occur exactly once.
fn adapted(project: &Project, name: &str, changes: &[(&str, String)]) -> Result<String> {
    let path = project.root().join("docs").join(name);
    let mut text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    for (from, to) in changes {
        ensure!(text.matches(from).count() == 1, "docs/{name} must have `{from}` exactly once");
        text = text.replace(from, to);
    }
    Ok(text)
}

/// Quotes a path in the syntax of both proxies.
fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display())
}

/// Returns a port that is free now.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(loopback(0))?.local_addr()?.port())
}
